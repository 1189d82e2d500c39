# Tests read their vectors from the source tree.
AM_TESTS_ENVIRONMENT = VK_TEST_SRCDIR='$(abs_top_srcdir)' VK_TEST_BUILDDIR='$(abs_top_builddir)' \
	CC='$(CC)' VALETKEY_ANCHOR_DIR='$(abs_builddir)/tests/anchors' VALETKEY_FIDO2=off; \
	export VK_TEST_SRCDIR VK_TEST_BUILDDIR CC VALETKEY_ANCHOR_DIR VALETKEY_FIDO2;
# A test that hangs fails, and says where: the sanitizers print the stack on SIGABRT.
LOG_COMPILER = timeout -s ABRT -k 30 900
check_LTLIBRARIES = libvk-test.la
libvk_test_la_SOURCES = tests/support/vectors.c tests/support/vectors.h
libvk_test_la_LIBADD = $(CHECK_LIBS)
vk_test_libs = libvk-test.la libvk-core.la $(CJSON_LIBS) $(CHECK_LIBS)
vk_test_token_libs = libvk-test.la libvk-token.la libvk-core.la $(CJSON_LIBS) $(SQLITE_LIBS) $(CHECK_LIBS)
EXTRA_DIST += tests/vectors tests/clients tests/differential tests/support/lsan.supp scripts .ci
# By name: whoever tries things there has its packages there.
EXTRA_DIST += tests/chain/README.md tests/chain/chain.mjs tests/chain/compile.mjs \
	tests/chain/install.sh tests/chain/kernel.sh tests/chain/lib.sh tests/chain/loopback.cjs \
	tests/chain/no-sentry tests/chain/package-lock.json tests/chain/package.json \
	tests/chain/packages.mjs tests/chain/paymaster.mjs tests/chain/place.mjs \
	tests/chain/processes.mjs tests/chain/rpc.mjs tests/chain/rules.mjs tests/chain/serve.mjs \
	tests/chain/serve.sh tests/chain/status.sh tests/chain/thirdweb-life.sh \
	tests/chain/thirdweb.mjs tests/chain/thirdweb.sh tests/chain/tools.mjs \
	tests/chain/userop.mjs tests/chain/wallet.mjs
valgrind_tests = tests/unit/test_base tests/unit/test_userop
# Minutes each, for the PINs' key derivation: not part of scripts/check.sh.
valgrind_slow_tests =
thread_tests =

# Tests start in this order: the long ones first, so that none of them runs alone at the end.
include tests/crash/local.mk
include tests/pkcs11/local.mk
include tests/cli/local.mk
include tests/keys/local.mk
include tests/token/local.mk
include tests/conformance/local.mk
include tests/net/local.mk
include tests/verdicts/local.mk
include tests/authenticator/local.mk
include tests/fuzz/local.mk
include tests/api/local.mk
include tests/batch/local.mk
include tests/unit/core.mk
include tests/unit/credential.mk
include tests/unit/kernel.mk
include tests/unit/accounts.mk
include tests/unit/manage.mk
include tests/unit/receipt.mk
include tests/unit/validators.mk
include tests/unit/grant.mk
include tests/unit/messages.mk
include tests/unit/policy.mk
include tests/unit/permissions.mk
include tests/unit/thirdweb.mk
include tests/unit/userop.mk
include tests/unit/verify.mk

# The same programs under valgrind, each as one process; and those with threads, for builds with
# -fsanitize=thread. Both are many times slower, so what check takes for a test that hangs is, too.
# Of the programs, these alone are built.
check-valgrind: $(valgrind_tests)
check-valgrind-slow: $(valgrind_slow_tests) valetkey-pkcs11.la
check-valgrind check-valgrind-slow:
	tests='$(valgrind_tests)'; test $@ = check-valgrind || tests='$(valgrind_slow_tests)'; \
	CK_FORK=no CK_TIMEOUT_MULTIPLIER=5 $(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS="$$tests" \
		check_PROGRAMS= check_LTLIBRARIES= \
		LOG_COMPILER='$(LIBTOOL) --mode=execute valgrind' \
		AM_LOG_FLAGS='-q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite'
check-threads: $(thread_tests) valetkey-pkcs11.la
	CK_TIMEOUT_MULTIPLIER=5 $(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(thread_tests)' \
		check_PROGRAMS= check_LTLIBRARIES=
.PHONY: check-valgrind check-valgrind-slow check-threads

# Where the tests' tokens keep their anchors.
clean-local: clean-anchors
clean-anchors:
	rm -rf tests/anchors
.PHONY: clean-anchors
