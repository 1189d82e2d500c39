bin_PROGRAMS += valetkey
valetkey_SOURCES = src/cli/account.c src/cli/account.h src/cli/account_chain.c \
	src/cli/account_create.c src/cli/account_find.c src/cli/account_owner.c \
	src/cli/account_token.c src/cli/account_token.h src/cli/admin.c src/cli/admin.h \
	src/cli/admin_request.c src/cli/admin_send.c src/cli/approval.c src/cli/approval.h \
	src/cli/approval_draft.c src/cli/approval_options.c src/cli/approval_request.c \
	src/cli/approval_subject.c src/cli/approve.c src/cli/attach.c src/cli/audit.c \
	src/cli/audit_export.c src/cli/audit_record.c src/cli/audit_record.h src/cli/batch.c \
	src/cli/budget.c src/cli/budget_resolve.c src/cli/chain_file.c src/cli/chain_file.h \
	src/cli/cli.h src/cli/commands.c src/cli/commands.h src/cli/commands_keys.c \
	src/cli/commands_operations.c src/cli/commands_records.c src/cli/commands_sessions.c \
	src/cli/digestpart.c src/cli/digestpart.h src/cli/enroll.c src/cli/error.c \
	src/cli/explain.c src/cli/explain.h src/cli/explain_judge.c src/cli/explain_message.c \
	src/cli/explain_operation.c src/cli/explain_verdict.c src/cli/findings.c \
	src/cli/findings.h src/cli/grant_show.c src/cli/grant_show.h src/cli/grants.c \
	src/cli/grants.h src/cli/held.c src/cli/held.h src/cli/input.c src/cli/input.h \
	src/cli/input_chains.c src/cli/input_time.c src/cli/key_certify.c src/cli/key_create.c \
	src/cli/key_create_many.c src/cli/key_import.c src/cli/key_list.c src/cli/key_set.c \
	src/cli/key_show.c src/cli/keyfile.c src/cli/keyfile.h src/cli/keyinfo.c src/cli/keyinfo.h \
	src/cli/keyselect.c src/cli/lint.c src/cli/login.c src/cli/main.c src/cli/makekey.c \
	src/cli/makekey.h src/cli/message.c src/cli/message.h src/cli/module.c src/cli/node_file.c \
	src/cli/node_file.h src/cli/object.c src/cli/object.h src/cli/options.c src/cli/options.h \
	src/cli/outbox.c src/cli/outbox.h src/cli/outbox_claim.c src/cli/output.c src/cli/output.h \
	src/cli/owner_key.c src/cli/owner_key.h src/cli/owner_sign.c src/cli/passkey.h \
	src/cli/passkey_ask.c src/cli/passkey_assertion.c src/cli/passkey_import.c \
	src/cli/passkey_login.c src/cli/passkey_options.c src/cli/passkey_peer.c \
	src/cli/passkey_peer.h src/cli/passkey_read.c src/cli/passkey_register.c \
	src/cli/passkey_serve.c src/cli/passkey_users.c src/cli/pin.c src/cli/pin.h \
	src/cli/plugged.c src/cli/plugged.h src/cli/rule_left.c src/cli/rule_left.h src/cli/rv.c \
	src/cli/secret_file.c src/cli/secret_file.h src/cli/send.c src/cli/send.h \
	src/cli/send_browser.c src/cli/send_build.c src/cli/send_calls.c src/cli/send_cap.c \
	src/cli/send_chain.c src/cli/send_earlier.c src/cli/send_follow.c src/cli/send_lane.c src/cli/send_price.c \
	src/cli/send_receipt.c src/cli/send_signed.c src/cli/send_sponsor.c \
	src/cli/send_thirdweb.c src/cli/send_thirdweb.h src/cli/session.c src/cli/session.h \
	src/cli/session_create.c src/cli/session_create.h src/cli/session_end.c \
	src/cli/session_end.h src/cli/session_install.c src/cli/session_install.h \
	src/cli/session_key.c src/cli/session_list.c src/cli/session_nonce.c \
	src/cli/session_revoke.c src/cli/session_send.c src/cli/session_set.c \
	src/cli/session_set.h src/cli/session_sign.c src/cli/session_status.c \
	src/cli/session_status.h src/cli/session_status_rules.c src/cli/session_tell.c \
	src/cli/sign.c src/cli/sign_message.c src/cli/signature.c src/cli/signed.c \
	src/cli/signed.h src/cli/spend.c src/cli/spends.c src/cli/spends.h src/cli/state.c \
	src/cli/step_up.c src/cli/step_up.h src/cli/store.c src/cli/store.h src/cli/thirdweb.c \
	src/cli/thirdweb_request.c src/cli/thirdweb_request.h src/cli/thirdweb_send.c \
	src/cli/thirdweb_send.h src/cli/token.c src/cli/token_set.c src/cli/touch.c \
	src/cli/touch.h
valetkey_CPPFLAGS = $(AM_CPPFLAGS) -DVK_VERSION='"$(PACKAGE_VERSION)"' \
	-DVK_BINDIR='"$(bindir)"' -DVK_MODULE_DIR='"$(pkcs11dir)"'
valetkey_LDADD = libvk-batch.la libvk-net.la libvk-token.la libvk-core.la $(CRYPTO_LIBS) $(CJSON_LIBS) $(P11KIT_LIBS)

# The completion is installed under the command's name.
bashcompletiondir = $(bash_completion_dir)
bashcompletion_DATA = src/cli/valetkey
EXTRA_DIST += src/cli/valetkey.bash
CLEANFILES += src/cli/valetkey
src/cli/valetkey: src/cli/valetkey.bash
	$(AM_V_GEN)$(MKDIR_P) src/cli && cp $(srcdir)/src/cli/valetkey.bash $@
