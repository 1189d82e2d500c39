libvk_core_la_SOURCES += src/webauthn/assertion.c src/webauthn/attest.c src/webauthn/attestation.c src/webauthn/attestation.h \
	src/webauthn/auth_data.c src/webauthn/cbor.c src/webauthn/cbor.h \
	src/webauthn/certificate.c src/webauthn/certificate.h src/webauthn/client_data.c \
	src/webauthn/contracts.c src/webauthn/credential.c src/webauthn/der.c \
	src/webauthn/internal.h src/webauthn/keys.c src/webauthn/p256.c \
	src/webauthn/precompile.c src/webauthn/response_json.c src/webauthn/response_json.h src/webauthn/stub.c src/webauthn/verify.c
