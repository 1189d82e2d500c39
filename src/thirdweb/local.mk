libvk_core_la_SOURCES += src/thirdweb/account_answer.c src/thirdweb/address.c src/thirdweb/calls.c src/thirdweb/calls.h src/thirdweb/domain.h \
	src/thirdweb/package.c src/thirdweb/request.c src/thirdweb/request_json.c \
	src/thirdweb/request_json.h src/thirdweb/signer.c
