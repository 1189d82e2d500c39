libvk_core_la_SOURCES += src/kernel/account.c src/kernel/approval.c src/kernel/enable.c \
	src/kernel/execution.c src/kernel/nonce.c src/kernel/permission.c src/kernel/serialized.c \
	src/kernel/signature.c src/kernel/version.c src/kernel/version.h
libvk_core_la_SOURCES += src/kernel/manage.c src/kernel/manage_answer.c \
	src/kernel/serialized_write.c
libvk_core_la_SOURCES += src/kernel/merkle.c src/kernel/multichain.c src/kernel/passkey_text.c
libvk_core_la_SOURCES += src/kernel/account_data.c src/kernel/account_data.h \
	src/kernel/account_read.c src/kernel/execution.h src/kernel/execution_for.c \
	src/kernel/execution_pieces.c src/kernel/execution_v1.c src/kernel/execution_v2.c
libvk_core_la_SOURCES += src/kernel/validator.c src/kernel/validator_sign.c \
	src/kernel/message.c src/kernel/message_erc6492.c src/kernel/message_payload.c \
	src/kernel/enable_v2.c
libvk_core_la_SOURCES += src/kernel/verify.c
