manage_tests = tests/unit/test_manage
check_PROGRAMS += $(manage_tests)
TESTS += $(manage_tests)
valgrind_tests += $(manage_tests)
tests_unit_test_manage_SOURCES = tests/unit/test_manage.c
tests_unit_test_manage_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_manage_LDADD = $(vk_test_libs)
