libvk_token_la_SOURCES += src/keys/agree.c src/keys/keys.h src/keys/software.c src/keys/software.h
