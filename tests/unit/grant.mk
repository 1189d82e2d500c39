grant_tests = tests/unit/test_grant tests/unit/test_grant_use tests/unit/test_serialized
check_PROGRAMS += $(grant_tests)
TESTS += $(grant_tests)
valgrind_tests += $(grant_tests)
grant_support = tests/unit/grant_support.c tests/unit/grant_support.h $(kernel_support)
tests_unit_test_grant_SOURCES = tests/unit/test_grant.c $(grant_support)
tests_unit_test_grant_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_grant_LDADD = $(kernel_libs)
tests_unit_test_grant_use_SOURCES = tests/unit/test_grant_use.c $(grant_support)
tests_unit_test_grant_use_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_grant_use_LDADD = $(kernel_libs)
tests_unit_test_serialized_SOURCES = tests/unit/test_serialized.c $(grant_support)
tests_unit_test_serialized_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_serialized_LDADD = $(kernel_libs)

# Grants for accounts without permissions.
pairing_tests = tests/unit/test_grant_owner tests/unit/test_grant_plugin \
	tests/unit/test_grant_thirdweb tests/unit/test_policy_alone
check_PROGRAMS += $(pairing_tests)
TESTS += $(pairing_tests)
valgrind_tests += $(pairing_tests)
pairing_support = tests/unit/pairing_support.c tests/unit/pairing_support.h
tests_unit_test_grant_owner_SOURCES = tests/unit/test_grant_owner.c $(pairing_support)
tests_unit_test_grant_owner_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_grant_owner_LDADD = $(vk_test_token_libs)
tests_unit_test_grant_plugin_SOURCES = tests/unit/test_grant_plugin.c $(pairing_support)
tests_unit_test_grant_plugin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_grant_plugin_LDADD = $(vk_test_token_libs)
tests_unit_test_grant_thirdweb_SOURCES = tests/unit/test_grant_thirdweb.c $(pairing_support)
tests_unit_test_grant_thirdweb_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_grant_thirdweb_LDADD = $(vk_test_token_libs)
tests_unit_test_policy_alone_SOURCES = tests/unit/test_policy_alone.c $(pairing_support)
tests_unit_test_policy_alone_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_policy_alone_LDADD = $(vk_test_token_libs)
