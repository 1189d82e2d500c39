libvk_core_la_SOURCES += src/kernel/account.c src/kernel/approval.c src/kernel/enable.c \
	src/kernel/execution.c src/kernel/nonce.c src/kernel/permission.c src/kernel/serialized.c \
	src/kernel/signature.c src/kernel/version.c src/kernel/version.h
libvk_core_la_SOURCES += src/kernel/validator.c src/kernel/validator_sign.c
