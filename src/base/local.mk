libvk_core_la_SOURCES += src/base/base64.c src/base/buf.c src/base/buf.h src/base/curve.h src/base/hex.c src/base/json.c \
	src/base/json.h src/base/secret.c src/base/secret.h src/base/status.c src/base/u256.c \
	src/base/utf8.c src/base/utf8.h src/base/wei.c src/base/wei.h
