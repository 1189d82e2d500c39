thirdweb_tests = tests/unit/test_typed_data
check_PROGRAMS += $(thirdweb_tests)
TESTS += $(thirdweb_tests)
valgrind_tests += $(thirdweb_tests)
tests_unit_test_typed_data_SOURCES = tests/unit/test_typed_data.c
tests_unit_test_typed_data_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_typed_data_LDADD = $(vk_test_libs)
