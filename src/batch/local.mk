# The batch protocol: for the command, and for the tests.
noinst_LTLIBRARIES += libvk-batch.la
libvk_batch_la_SOURCES = src/batch/batch.c src/batch/batch.h src/batch/in.c src/batch/in.h \
	src/batch/in_userop.c src/batch/in_values.c src/batch/kinds.c src/batch/kinds.h src/batch/reply.c \
	src/batch/reply.h
libvk_batch_la_SOURCES += src/batch/nonce_key.c
libvk_batch_la_SOURCES += src/batch/account_address.c src/batch/execute_calldata.c \
	src/batch/factory_data.c src/batch/in_account.c src/batch/in_account.h
libvk_batch_la_SOURCES += src/batch/in_policy.c src/batch/in_policy.h src/batch/permission.c \
	src/batch/policy_data.c
libvk_batch_la_SOURCES += src/batch/in_owner.c src/batch/in_owner.h
libvk_batch_la_SOURCES += src/batch/in_webauthn.c src/batch/in_webauthn.h src/batch/webauthn.c \
	src/batch/webauthn_signature.c
libvk_batch_la_SOURCES += src/batch/validators.c src/batch/message_signature.c src/batch/enable_v2.c src/batch/multichain.c
libvk_batch_la_SOURCES += src/batch/userop_hash.c
libvk_batch_la_SOURCES += src/batch/enable.c src/batch/in_session.c src/batch/in_session.h \
	src/batch/manage.c
libvk_batch_la_SOURCES += src/batch/in_message.c src/batch/in_message.h src/batch/thirdweb.c \
	src/batch/thirdweb_request.c src/batch/thirdweb_request.h
libvk_batch_la_SOURCES += src/batch/in_thirdweb.c src/batch/in_thirdweb.h src/batch/lint.c
libvk_batch_la_SOURCES += src/batch/serialized.h src/batch/serialized_account.c \
	src/batch/serialized_read.c
libvk_batch_la_SOURCES += src/batch/in_case.c src/batch/in_case.h src/batch/thirdweb_account.c \
	src/batch/thirdweb_account.h src/batch/thirdweb_verdict.c src/batch/verdict.c \
	src/batch/verdict_account.c src/batch/verdict_account.h src/batch/verdict_entry_point.c \
	src/batch/verdict_entry_point.h
