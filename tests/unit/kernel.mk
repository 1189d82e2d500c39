kernel_tests = tests/unit/test_kernel tests/unit/test_kernel_account tests/unit/test_kernel_enable \
	tests/unit/test_kernel_calls tests/unit/test_kernel_properties tests/unit/test_enable_policies \
	tests/unit/test_webauthn
check_PROGRAMS += $(kernel_tests)
TESTS += $(kernel_tests)
valgrind_tests += $(kernel_tests)
kernel_support = tests/unit/kernel_support.c tests/unit/kernel_support.h
kernel_libs = $(vk_test_libs) $(CRYPTO_LIBS) $(SECP256K1_LIBS)
tests_unit_test_kernel_SOURCES = tests/unit/test_kernel.c $(kernel_support)
tests_unit_test_kernel_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_kernel_LDADD = $(kernel_libs)
tests_unit_test_kernel_account_SOURCES = tests/unit/test_kernel_account.c $(kernel_support)
tests_unit_test_kernel_account_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_kernel_account_LDADD = $(kernel_libs)
tests_unit_test_kernel_enable_SOURCES = tests/unit/test_kernel_enable.c $(kernel_support)
tests_unit_test_kernel_enable_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_kernel_enable_LDADD = $(kernel_libs)
tests_unit_test_webauthn_SOURCES = tests/unit/test_webauthn.c $(kernel_support)
tests_unit_test_webauthn_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_webauthn_LDADD = $(kernel_libs)
tests_unit_test_kernel_calls_SOURCES = tests/unit/test_kernel_calls.c
tests_unit_test_kernel_calls_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_kernel_calls_LDADD = $(vk_test_libs)
tests_unit_test_enable_policies_SOURCES = tests/unit/test_enable_policies.c $(kernel_support) \
	tests/unit/policy_support.c tests/unit/policy_support.h
tests_unit_test_enable_policies_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_enable_policies_LDADD = $(kernel_libs)
tests_unit_test_kernel_properties_SOURCES = tests/unit/test_kernel_properties.c \
	tests/unit/generated.c tests/unit/generated.h
tests_unit_test_kernel_properties_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_kernel_properties_LDADD = $(vk_test_libs)
