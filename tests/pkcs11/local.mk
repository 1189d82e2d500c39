check_PROGRAMS += tests/pkcs11/test_pkcs11
tests_pkcs11_test_pkcs11_SOURCES = tests/pkcs11/browser.c tests/pkcs11/browser.h tests/pkcs11/sdk.c tests/pkcs11/sdk.h tests/pkcs11/support.c \
	tests/pkcs11/support.h tests/pkcs11/test_attribute.c tests/pkcs11/test_browser.c tests/pkcs11/test_browser_sign.c tests/pkcs11/test_host.c tests/pkcs11/test_interface.c tests/pkcs11/test_journal.c tests/pkcs11/test_module.c \
	tests/pkcs11/test_object.c tests/pkcs11/test_pending.c tests/pkcs11/test_pending_keys.c \
	tests/pkcs11/test_ordinary.c tests/pkcs11/test_pkcs11.c tests/pkcs11/test_session_key.c tests/pkcs11/test_policy.c tests/pkcs11/test_receipt.c tests/pkcs11/test_refusal.c \
	tests/pkcs11/test_scale.c tests/pkcs11/test_signing.c tests/pkcs11/test_spend.c tests/pkcs11/test_threads.c tests/pkcs11/test_token.c \
	tests/pkcs11/waiting.c tests/pkcs11/waiting.h tests/support/clock.c tests/support/clock.h \
	tests/support/limits.c tests/support/limits.h tests/support/quick_pins.c
tests_pkcs11_test_pkcs11_SOURCES += tests/pkcs11/message_support.c tests/pkcs11/message_support.h \
	tests/pkcs11/test_login.c tests/pkcs11/test_message.c tests/support/so.c tests/support/so.h
tests_pkcs11_test_pkcs11_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_pkcs11_test_pkcs11_LDADD = $(vk_test_token_libs)
tests_pkcs11_test_pkcs11_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_pkcs11_DEPENDENCIES = valetkey-pkcs11.la
TESTS += tests/pkcs11/test_pkcs11
thread_tests += tests/pkcs11/test_pkcs11

# Slots of security keys, with the authenticator in software.
device_test_support = tests/pkcs11/device_support.c tests/pkcs11/device_support.h \
	tests/pkcs11/support.c tests/pkcs11/support.h tests/support/quick_pins.c
device_test_programs = tests/pkcs11/test_device tests/pkcs11/test_device_key \
	tests/pkcs11/test_device_misuse tests/pkcs11/test_device_sign tests/pkcs11/test_device_store \
	tests/pkcs11/test_device_touch
check_PROGRAMS += $(device_test_programs)
TESTS += $(device_test_programs)
thread_tests += $(device_test_programs)
tests_pkcs11_test_device_SOURCES = tests/pkcs11/test_device.c $(device_test_support)
tests_pkcs11_test_device_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_pkcs11_test_device_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_device_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_device_DEPENDENCIES = valetkey-pkcs11.la
tests_pkcs11_test_device_key_SOURCES = tests/pkcs11/test_device_key.c $(device_test_support)
tests_pkcs11_test_device_key_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_pkcs11_test_device_key_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_device_key_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_device_key_DEPENDENCIES = valetkey-pkcs11.la
tests_pkcs11_test_device_misuse_SOURCES = tests/pkcs11/test_device_misuse.c $(device_test_support)
tests_pkcs11_test_device_misuse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_pkcs11_test_device_misuse_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_device_misuse_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_device_misuse_DEPENDENCIES = valetkey-pkcs11.la
tests_pkcs11_test_device_sign_SOURCES = tests/pkcs11/test_device_sign.c $(device_test_support)
tests_pkcs11_test_device_sign_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_pkcs11_test_device_sign_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_device_sign_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_device_sign_DEPENDENCIES = valetkey-pkcs11.la
tests_pkcs11_test_device_store_SOURCES = tests/pkcs11/test_device_store.c $(device_test_support)
tests_pkcs11_test_device_store_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_pkcs11_test_device_store_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_device_store_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_device_store_DEPENDENCIES = valetkey-pkcs11.la
tests_pkcs11_test_device_touch_SOURCES = tests/pkcs11/test_device_touch.c $(device_test_support)
tests_pkcs11_test_device_touch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_pkcs11_test_device_touch_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_device_touch_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_device_touch_DEPENDENCIES = valetkey-pkcs11.la

# Security keys that unlock tokens, and are touched for what keys in software sign.
check_PROGRAMS += tests/pkcs11/test_touch
tests_pkcs11_test_touch_SOURCES = tests/pkcs11/run_touch.c tests/pkcs11/sdk.c tests/pkcs11/sdk.h tests/pkcs11/support.c \
	tests/pkcs11/support.h tests/pkcs11/step_up_support.c tests/pkcs11/step_up_support.h tests/pkcs11/test_step_up.c \
	tests/pkcs11/test_step_up_outcome.c tests/pkcs11/test_touch.c tests/pkcs11/test_touch_outcome.c tests/pkcs11/touch_support.c tests/pkcs11/touch_support.h \
	tests/pkcs11/message_support.c tests/pkcs11/message_support.h tests/pkcs11/waiting.c tests/pkcs11/waiting.h \
	tests/support/clock.c tests/support/clock.h tests/support/quick_pins.c tests/support/so.c tests/support/so.h
tests_pkcs11_test_touch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_pkcs11_test_touch_LDADD = libvk-authenticator.la $(vk_test_token_libs) $(FIDO2_LIBS) $(CRYPTO_LIBS)
tests_pkcs11_test_touch_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_pkcs11_test_touch_DEPENDENCIES = valetkey-pkcs11.la
TESTS += tests/pkcs11/test_touch
thread_tests += tests/pkcs11/test_touch
