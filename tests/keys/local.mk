# What src/keys does with security keys, against the software authenticator.
keys_test_programs = tests/keys/test_fido2 tests/keys/test_fido2_mistakes tests/keys/test_fido2_pin
keys_test_support = tests/keys/support.c tests/keys/support.h
check_PROGRAMS += $(keys_test_programs)
TESTS += $(keys_test_programs)
valgrind_tests += $(keys_test_programs)
thread_tests += $(keys_test_programs)
vk_test_keys_libs = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_keys_test_fido2_SOURCES = tests/keys/test_fido2.c $(keys_test_support)
tests_keys_test_fido2_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_keys_test_fido2_LDADD = $(vk_test_keys_libs)
tests_keys_test_fido2_mistakes_SOURCES = tests/keys/test_fido2_mistakes.c $(keys_test_support)
tests_keys_test_fido2_mistakes_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_keys_test_fido2_mistakes_LDADD = $(vk_test_keys_libs)
tests_keys_test_fido2_pin_SOURCES = tests/keys/test_fido2_pin.c $(keys_test_support)
tests_keys_test_fido2_pin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_keys_test_fido2_pin_LDADD = $(vk_test_keys_libs)
