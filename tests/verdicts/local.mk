check_PROGRAMS += tests/verdicts/play
tests_verdicts_play_SOURCES = tests/support/quick_pins.c tests/verdicts/play.c tests/verdicts/play_message.c \
	tests/verdicts/play_message.h tests/support/client.c tests/support/client.h \
	tests/support/clock.c tests/support/clock.h tests/support/so.c tests/support/so.h \
	$(policy_support)
tests_verdicts_play_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_verdicts_play_LDADD = $(vk_test_token_libs)
tests_verdicts_play_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
TESTS += tests/verdicts/play
EXTRA_tests_verdicts_play_DEPENDENCIES = valetkey-pkcs11.la

check_PROGRAMS += tests/verdicts/test_refusals
TESTS += tests/verdicts/test_refusals
valgrind_slow_tests += tests/verdicts/test_refusals
tests_verdicts_test_refusals_SOURCES = tests/support/quick_pins.c tests/verdicts/test_refusals.c tests/support/client.c \
	tests/support/client.h
tests_verdicts_test_refusals_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_verdicts_test_refusals_LDADD = $(vk_test_token_libs)
tests_verdicts_test_refusals_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_verdicts_test_refusals_DEPENDENCIES = valetkey-pkcs11.la

check_PROGRAMS += tests/verdicts/test_sdk_operations
TESTS += tests/verdicts/test_sdk_operations
tests_verdicts_test_sdk_operations_SOURCES = tests/verdicts/test_sdk_operations.c \
	tests/support/client.c tests/support/client.h $(policy_support) $(kernel_support)
tests_verdicts_test_sdk_operations_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_verdicts_test_sdk_operations_LDADD = $(kernel_libs)
EXTRA_tests_verdicts_test_sdk_operations_DEPENDENCIES = valetkey-pkcs11.la

check_PROGRAMS += tests/verdicts/play_thirdweb
TESTS += tests/verdicts/play_thirdweb
tests_verdicts_play_thirdweb_SOURCES = tests/support/quick_pins.c tests/verdicts/play_thirdweb.c tests/support/client.c \
	tests/support/client.h tests/support/clock.c tests/support/clock.h tests/support/vectors.c \
	tests/support/vectors.h
tests_verdicts_play_thirdweb_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_verdicts_play_thirdweb_LDADD = $(vk_test_libs)
tests_verdicts_play_thirdweb_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_verdicts_play_thirdweb_DEPENDENCIES = valetkey-pkcs11.la

check_PROGRAMS += tests/verdicts/test_sdk_messages
TESTS += tests/verdicts/test_sdk_messages
tests_verdicts_test_sdk_messages_SOURCES = tests/verdicts/test_sdk_messages.c \
	tests/support/client.c tests/support/client.h tests/support/so.c tests/support/so.h \
	$(policy_support)
tests_verdicts_test_sdk_messages_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_verdicts_test_sdk_messages_LDADD = $(vk_test_token_libs)
EXTRA_tests_verdicts_test_sdk_messages_DEPENDENCIES = valetkey-pkcs11.la

check_PROGRAMS += tests/verdicts/test_pairings
TESTS += tests/verdicts/test_pairings
tests_verdicts_test_pairings_SOURCES = tests/support/quick_pins.c tests/verdicts/test_pairings.c tests/support/client.c \
	tests/support/client.h tests/support/vectors.c tests/support/vectors.h \
	tests/unit/pairing_support.c tests/unit/pairing_support.h
tests_verdicts_test_pairings_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_verdicts_test_pairings_LDADD = $(vk_test_token_libs)
tests_verdicts_test_pairings_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_verdicts_test_pairings_DEPENDENCIES = valetkey-pkcs11.la
