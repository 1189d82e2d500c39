userop_tests = tests/unit/test_userop_forms tests/unit/test_userop_rules
check_PROGRAMS += $(userop_tests)
TESTS += $(userop_tests)
valgrind_tests += $(userop_tests)
tests_unit_test_userop_forms_SOURCES = tests/unit/test_userop_forms.c tests/unit/userop_support.c \
	tests/unit/userop_support.h
tests_unit_test_userop_forms_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_userop_forms_LDADD = $(vk_test_libs)
tests_unit_test_userop_rules_SOURCES = tests/unit/test_userop_rules.c tests/unit/userop_support.c \
	tests/unit/userop_support.h
tests_unit_test_userop_rules_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_userop_rules_LDADD = $(vk_test_libs)
