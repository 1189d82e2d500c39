cli_tests = tests/cli/account.sh tests/cli/approve.sh tests/cli/audit.sh tests/cli/batch-page.sh \
	tests/cli/batch.sh tests/cli/bot.sh tests/cli/budget.sh tests/cli/certify.sh \
	tests/cli/deployments.sh tests/cli/device.sh tests/cli/ecdsa.sh tests/cli/errors.sh \
	tests/cli/explain.sh tests/cli/lanes.sh tests/cli/lint.sh tests/cli/many.sh \
	tests/cli/message.sh tests/cli/nonces.sh tests/cli/owner.sh tests/cli/passkey-browser.sh \
	tests/cli/passkey-server.sh tests/cli/passkey.sh tests/cli/plugin.sh tests/cli/price.sh \
	tests/cli/resolve.sh tests/cli/send-browser.sh tests/cli/send-device.sh \
	tests/cli/send-kinds.sh tests/cli/send-signed.sh tests/cli/send.sh \
	tests/cli/session-faults.sh tests/cli/session.sh tests/cli/spend.sh tests/cli/status.sh \
	tests/cli/stores.sh tests/cli/texts.sh tests/cli/thirdweb-session.sh tests/cli/thirdweb.sh \
	tests/cli/touch.sh tests/cli/twice.sh
TESTS += $(cli_tests)
# For LD_PRELOAD, by these tests. Programs that theirs start load it as well, such as the sanitizers'
# symbolizer, which has none: so no flags of configure's that would put them in.
check_LTLIBRARIES += vk-quick-pins.la
vk_quick_pins_la_SOURCES = tests/support/quick_pins.c
vk_quick_pins_la_CFLAGS = $(CRYPTO_CFLAGS)
vk_quick_pins_la_LIBADD = $(CRYPTO_LIBS)
vk_quick_pins_la_LDFLAGS = -module -avoid-version -rpath /nowhere
# A module in front of the module, for session-faults.sh.
check_LTLIBRARIES += vk-failing-module.la
vk_failing_module_la_SOURCES = tests/support/failing_module.c
vk_failing_module_la_LDFLAGS = -module -avoid-version -rpath /nowhere
EXTRA_DIST += $(cli_tests) tests/cli/browser.sh tests/cli/expected tests/cli/lib.sh \
	tests/cli/pairing.sh tests/cli/plug.sh tests/cli/servers.sh tests/cli/usdc.sh
