permission_tests = tests/unit/test_abi_form tests/unit/test_permission tests/unit/test_policy_parse \
	tests/unit/test_policy_batch
check_PROGRAMS += $(permission_tests)
TESTS += $(permission_tests)
tests_unit_test_abi_form_SOURCES = tests/unit/test_abi_form.c
tests_unit_test_abi_form_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_abi_form_LDADD = $(vk_test_libs)
tests_unit_test_permission_SOURCES = tests/unit/test_permission.c
tests_unit_test_permission_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_permission_LDADD = $(vk_test_libs)
tests_unit_test_policy_parse_SOURCES = tests/unit/test_policy_parse.c
tests_unit_test_policy_parse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_policy_parse_LDADD = $(vk_test_libs)
tests_unit_test_policy_batch_SOURCES = tests/unit/test_policy_batch.c $(batch_support)
tests_unit_test_policy_batch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_policy_batch_LDADD = libvk-batch.la $(vk_test_libs)
