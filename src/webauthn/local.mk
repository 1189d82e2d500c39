libvk_core_la_SOURCES += src/webauthn/assertion.c src/webauthn/contracts.c \
	src/webauthn/der.c src/webauthn/internal.h \
	src/webauthn/p256.c src/webauthn/precompile.c src/webauthn/stub.c src/webauthn/verify.c
