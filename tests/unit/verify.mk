verify_tests = tests/unit/test_verify tests/unit/test_webauthn_accepts \
	tests/unit/test_execute_read tests/unit/test_call_slice tests/unit/test_windows \
	tests/unit/test_hardening
check_PROGRAMS += $(verify_tests)
TESTS += $(verify_tests)
valgrind_tests += $(verify_tests)
tests_unit_test_verify_SOURCES = tests/unit/test_verify.c $(kernel_support)
tests_unit_test_verify_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_verify_LDADD = $(kernel_libs)
tests_unit_test_webauthn_accepts_SOURCES = tests/unit/test_webauthn_accepts.c $(kernel_support)
tests_unit_test_webauthn_accepts_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_webauthn_accepts_LDADD = $(kernel_libs)
tests_unit_test_execute_read_SOURCES = tests/unit/test_execute_read.c
tests_unit_test_execute_read_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_execute_read_LDADD = $(vk_test_libs)
tests_unit_test_call_slice_SOURCES = tests/unit/test_call_slice.c
tests_unit_test_call_slice_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_call_slice_LDADD = $(vk_test_libs)
tests_unit_test_windows_SOURCES = tests/unit/test_windows.c $(policy_support)
tests_unit_test_windows_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_windows_LDADD = $(vk_test_libs)
tests_unit_test_hardening_SOURCES = tests/unit/test_hardening.c $(policy_support)
tests_unit_test_hardening_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_hardening_LDADD = $(vk_test_libs)
