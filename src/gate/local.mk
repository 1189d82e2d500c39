libvk_token_la_SOURCES += src/gate/decide.c src/gate/denial.c src/gate/denial.h \
	src/gate/device.c src/gate/device.h src/gate/device_internal.h src/gate/device_key.c src/gate/gate.c src/gate/gate.h \
	src/gate/internal.h src/gate/loaded.c src/gate/loaded.h src/gate/login.c src/gate/login.h src/gate/login_request.c src/gate/loose_key.c src/gate/loose_key.h src/gate/make.c src/gate/message.c \
	src/gate/passkey.c src/gate/pending.c src/gate/receipt.c src/gate/remote_key.c src/gate/request.c \
	src/gate/session_part.c src/gate/sign.c src/gate/step_up.c
