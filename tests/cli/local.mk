cli_tests = tests/cli/approve.sh tests/cli/audit.sh tests/cli/batch.sh tests/cli/batch-page.sh tests/cli/ecdsa.sh \
	tests/cli/errors.sh tests/cli/explain.sh tests/cli/lint.sh tests/cli/message.sh tests/cli/passkey.sh \
	tests/cli/texts.sh
TESTS += $(cli_tests)
EXTRA_DIST += $(cli_tests) tests/cli/lib.sh tests/cli/expected
