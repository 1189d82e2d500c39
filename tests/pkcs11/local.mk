check_PROGRAMS += tests/pkcs11/test_pkcs11
tests_pkcs11_test_pkcs11_SOURCES = tests/pkcs11/support.c tests/pkcs11/support.h \
	tests/pkcs11/test_attribute.c tests/pkcs11/test_journal.c tests/pkcs11/test_module.c tests/pkcs11/test_object.c \
	tests/pkcs11/test_pkcs11.c tests/pkcs11/test_policy.c tests/pkcs11/test_signing.c \
	tests/pkcs11/test_threads.c tests/pkcs11/test_token.c
tests_pkcs11_test_pkcs11_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_pkcs11_test_pkcs11_LDADD = $(vk_test_token_libs)
EXTRA_tests_pkcs11_test_pkcs11_DEPENDENCIES = valetkey-pkcs11.la
TESTS += tests/pkcs11/test_pkcs11
thread_tests += tests/pkcs11/test_pkcs11
