libvk_core_la_SOURCES += src/policy/abi_form.c src/policy/abi_form.h \
	src/policy/abi_function.c src/policy/abi_value.c
libvk_core_la_SOURCES += src/policy/call.c src/policy/call_check.c src/policy/call_describe.c src/policy/call_evaluate.c \
	src/policy/call_parse.c src/policy/call_text.c src/policy/call_text.h \
	src/policy/evaluate.c src/policy/functions.c src/policy/gas.c src/policy/policy.c \
	src/policy/rate_limit.c src/policy/read.c src/policy/rule.h \
	src/policy/signature_caller.c src/policy/sudo.c src/policy/text.c src/policy/text.h \
	src/policy/timestamp.c src/policy/tokens.c src/policy/verdict.c
libvk_core_la_SOURCES += src/policy/install.c
libvk_core_la_SOURCES += src/policy/grant.c src/policy/grant_accepts.c src/policy/grant_account.c src/policy/grant_form.h \
	src/policy/grant_message.c src/policy/grant_owner.c src/policy/grant_permission.c \
	src/policy/grant_plugin.c src/policy/grant_thirdweb.c src/policy/grant_use.c
libvk_core_la_SOURCES += src/policy/write.c
libvk_core_la_SOURCES += src/policy/smart_account.c src/policy/smart_account_json.c
libvk_core_la_SOURCES += src/policy/step_up.c src/policy/step_up.h src/policy/step_up_json.c
libvk_core_la_SOURCES += src/policy/call_slice.c src/policy/call_slice.h \
	src/policy/evaluate_message.c src/policy/execute_read.c src/policy/execute_read.h \
	src/policy/harden.c src/policy/harden_message.c src/policy/hardening.c src/policy/thirdweb.c \
	src/policy/thirdweb_rule.c src/policy/window.c
libvk_core_la_SOURCES += src/policy/call_arguments.c src/policy/call_sentence.c \
	src/policy/chain_error.c src/policy/chains.c \
	src/policy/operation_calls.c src/policy/operation_text.c src/policy/operation_text.h
libvk_core_la_SOURCES += src/policy/spend.c src/policy/spend_operation.c src/policy/spend_text.c \
	src/policy/spend_text.h
libvk_core_la_SOURCES += src/policy/lint.c src/policy/lint.h src/policy/lint_argument.c \
	src/policy/lint_call.c src/policy/lint_combination.c src/policy/lint_function.c \
	src/policy/lint_gas.c src/policy/lint_limit.c src/policy/lint_pair.c \
	src/policy/lint_rate.c src/policy/lint_signature.c src/policy/lint_thirdweb.c \
	src/policy/lint_time.c
