libvk_token_la_SOURCES += src/keys/keys.h src/keys/software.c
