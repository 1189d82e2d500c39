pkcs11dir = $(libdir)/pkcs11
pkcs11_LTLIBRARIES += valetkey-pkcs11.la
valetkey_pkcs11_la_SOURCES = src/pkcs11/attribute.c src/pkcs11/attribute.h \
	src/pkcs11/attribute_grant.c src/pkcs11/attribute_policy.c src/pkcs11/attribute_ordinary.c src/pkcs11/attribute_signer.c src/pkcs11/attribute_standard.c \
	src/pkcs11/certificate.c src/pkcs11/certificate.h \
	src/pkcs11/ck3.h src/pkcs11/data.c src/pkcs11/derive.c src/pkcs11/device.c src/pkcs11/device.h src/pkcs11/device_key.c src/pkcs11/device_resident.c src/pkcs11/device_token.c \
	src/pkcs11/digest.c src/pkcs11/entry.c src/pkcs11/entry.h \
	src/pkcs11/find.c src/pkcs11/find.h src/pkcs11/find_token.c src/pkcs11/functions.h src/pkcs11/handle.c src/pkcs11/handle.h src/pkcs11/hide.c src/pkcs11/hide.h src/pkcs11/key_data.c \
	src/pkcs11/key_data.h src/pkcs11/interface.c src/pkcs11/keygen.c \
	src/pkcs11/live.c src/pkcs11/live.h src/pkcs11/live_spends.c src/pkcs11/mechanism.c src/pkcs11/mechanism.h \
	src/pkcs11/message_sign.c src/pkcs11/message_verify.c src/pkcs11/module.c src/pkcs11/module.h src/pkcs11/object.c src/pkcs11/object.h \
	src/pkcs11/ordinary.c src/pkcs11/pending.c src/pkcs11/random.c src/pkcs11/receipt.c src/pkcs11/refusal.c src/pkcs11/refusal.h src/pkcs11/registration.c src/pkcs11/registration.h \
	src/pkcs11/session.c src/pkcs11/session.h src/pkcs11/session_key.c src/pkcs11/session_key.h src/pkcs11/sign.c src/pkcs11/sign.h \
	src/pkcs11/slot.c src/pkcs11/slot.h src/pkcs11/template.c src/pkcs11/template.h \
	src/pkcs11/token.c src/pkcs11/unlock.c src/pkcs11/unlock.h src/pkcs11/unsupported.c src/pkcs11/verify.c src/pkcs11/view.c \
	src/pkcs11/view.h
valetkey_pkcs11_la_LIBADD = libvk-token.la libvk-core.la
valetkey_pkcs11_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -no-undefined \
	-Wl,--version-script=$(srcdir)/src/valetkey-pkcs11.map
EXTRA_valetkey_pkcs11_la_DEPENDENCIES = src/valetkey-pkcs11.map
