check_PROGRAMS += tests/unit/test_base tests/unit/test_userop
TESTS += tests/unit/test_base tests/unit/test_userop
tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_base_LDADD = $(vk_test_libs)
tests_unit_test_userop_SOURCES = tests/unit/test_userop.c
tests_unit_test_userop_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_userop_LDADD = $(vk_test_libs)
