validator_tests = tests/unit/test_validator tests/unit/test_multichain tests/unit/test_message \
	tests/unit/test_enable_v2
check_PROGRAMS += $(validator_tests)
TESTS += $(validator_tests)
valgrind_tests += $(validator_tests)
tests_unit_test_validator_SOURCES = tests/unit/test_validator.c
tests_unit_test_validator_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_validator_LDADD = $(vk_test_libs)
tests_unit_test_multichain_SOURCES = tests/unit/test_multichain.c
tests_unit_test_multichain_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_multichain_LDADD = $(vk_test_libs)
tests_unit_test_message_SOURCES = tests/unit/test_message.c
tests_unit_test_message_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_message_LDADD = $(vk_test_libs)
tests_unit_test_enable_v2_SOURCES = tests/unit/test_enable_v2.c
tests_unit_test_enable_v2_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_enable_v2_LDADD = $(vk_test_libs)
