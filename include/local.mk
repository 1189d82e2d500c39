vkincludedir = $(includedir)/valetkey
vkinclude_HEADERS = include/valetkey/account.h include/valetkey/credential.h include/valetkey/permission.h \
	include/valetkey/serialized.h include/valetkey/smart_account.h include/valetkey/validator.h include/valetkey/bytes.h include/valetkey/eth.h include/valetkey/grant.h \
	include/valetkey/kernel.h include/valetkey/pkcs11.h include/valetkey/policy.h \
	include/valetkey/status.h include/valetkey/userop.h include/valetkey/valetkey.h \
	include/valetkey/webauthn.h
vkinclude_HEADERS += include/valetkey/thirdweb.h include/valetkey/typed_data.h
vkinclude_HEADERS += include/valetkey/manage.h include/valetkey/receipt.h
vkinclude_HEADERS += include/valetkey/multichain.h include/valetkey/message.h include/valetkey/message_payload.h include/valetkey/enable_v2.h
vkinclude_HEADERS += include/valetkey/hardening.h include/valetkey/verdict.h \
	include/valetkey/verify.h include/valetkey/thirdweb_verdict.h include/valetkey/spend.h
vkinclude_HEADERS += include/valetkey/lint.h
