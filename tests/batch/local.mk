batch_kinds_tests = tests/batch/test_kinds
check_PROGRAMS += $(batch_kinds_tests)
TESTS += $(batch_kinds_tests)
valgrind_tests += $(batch_kinds_tests)
tests_batch_test_kinds_SOURCES = tests/batch/test_kinds.c
tests_batch_test_kinds_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_batch_test_kinds_LDADD = libvk-batch.la $(vk_test_libs)
