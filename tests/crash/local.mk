# What must hold whatever happens to the processes and the disk; all through the module.
crash_support = tests/crash/ledger.c tests/crash/ledger.h tests/crash/operation.c \
	tests/crash/operation.h tests/crash/processes.c tests/crash/processes.h tests/crash/work.c tests/crash/work.h tests/crash/work_user.c \
	tests/crash/inspect.c tests/crash/inspect.h tests/crash/inspect_key.c \
	tests/support/client.c tests/support/client.h
disk_support = tests/support/disk.c tests/support/disk.h

check_PROGRAMS += tests/crash/crash
tests_crash_crash_SOURCES = tests/crash/crash.c tests/crash/roles.c tests/crash/roles.h tests/support/powercut.c \
	tests/support/powercut.h $(crash_support) $(disk_support)
tests_crash_crash_CFLAGS = $(AM_CFLAGS)
tests_crash_crash_LDADD = $(vk_test_libs)
tests_crash_crash_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_crash_crash_DEPENDENCIES = valetkey-pkcs11.la valetkey$(EXEEXT)

check_PROGRAMS += tests/crash/test_concurrency
TESTS += tests/crash/test_concurrency
thread_tests += tests/crash/test_concurrency
tests_crash_test_concurrency_SOURCES = tests/crash/test_concurrency.c $(crash_support)
tests_crash_test_concurrency_CFLAGS = $(AM_CFLAGS)
tests_crash_test_concurrency_LDADD = $(vk_test_libs)
EXTRA_tests_crash_test_concurrency_DEPENDENCIES = valetkey-pkcs11.la valetkey$(EXEEXT)

check_PROGRAMS += tests/crash/test_faults
TESTS += tests/crash/test_faults
tests_crash_test_faults_SOURCES = tests/support/quick_pins.c tests/crash/test_faults.c tests/crash/faults.c \
	tests/crash/faults.h tests/crash/faults_clock.c tests/crash/faults_disk.c \
	tests/crash/faults_files.c tests/crash/faults_lock.c tests/support/clock.c \
	tests/support/clock.h tests/support/limits.c tests/support/limits.h tests/support/so.c \
	tests/support/so.h $(crash_support) $(disk_support)
tests_crash_test_faults_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_crash_test_faults_LDADD = $(vk_test_token_libs)
tests_crash_test_faults_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_crash_test_faults_DEPENDENCIES = valetkey-pkcs11.la valetkey$(EXEEXT)

# For LD_PRELOAD, by tests and bench programs.
check_LTLIBRARIES += vk-disk.la
vk_disk_la_SOURCES = $(disk_support)
vk_disk_la_CFLAGS = $(AM_CFLAGS)
vk_disk_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
TESTS += tests/crash/preload.sh
EXTRA_DIST += tests/crash/preload.sh
