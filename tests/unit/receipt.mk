receipt_tests = tests/unit/test_receipt
check_PROGRAMS += $(receipt_tests)
TESTS += $(receipt_tests)
valgrind_tests += $(receipt_tests)
tests_unit_test_receipt_SOURCES = tests/unit/test_receipt.c
tests_unit_test_receipt_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_receipt_LDADD = $(vk_test_libs)
