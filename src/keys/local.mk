libvk_token_la_SOURCES += src/keys/agree.c src/keys/fido2.c src/keys/fido2.h \
	src/keys/fido2_assert.c src/keys/fido2_device.h src/keys/fido2_error.c src/keys/fido2_make.c \
	src/keys/fido2_pin.c src/keys/fido2_resident.c src/keys/fido2_unix.c src/keys/fido2_use.c src/keys/keys.h \
	src/keys/software.c src/keys/software.h
