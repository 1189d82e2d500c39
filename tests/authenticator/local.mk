# A FIDO2 authenticator in software: as a library for unit tests, as a program for others.
check_LTLIBRARIES += libvk-authenticator.la
libvk_authenticator_la_SOURCES = tests/authenticator/auth_data.c tests/authenticator/authenticator.c \
	tests/authenticator/authenticator.h tests/authenticator/certificate.c \
	tests/authenticator/commands.c tests/authenticator/credential.c \
	tests/authenticator/credential_management.c tests/authenticator/crypto.c \
	tests/authenticator/crypto.h tests/authenticator/ctap.h tests/authenticator/device.c \
	tests/authenticator/extensions.c tests/authenticator/get_assertion.c \
	tests/authenticator/hid.c tests/authenticator/info.c tests/authenticator/internal.h \
	tests/authenticator/io.c tests/authenticator/large_blobs.c \
	tests/authenticator/make_credential.c tests/authenticator/names.c \
	tests/authenticator/operation.c tests/authenticator/p256.c tests/authenticator/pin.c \
	tests/authenticator/pin_protocol.c tests/authenticator/pin_token.c \
	tests/authenticator/server.c tests/authenticator/user.c tests/authenticator/walk.c \
	tests/authenticator/wire.h tests/authenticator/wire_read.c tests/authenticator/wire_write.c
libvk_authenticator_la_CFLAGS = $(AM_CFLAGS) $(FIDO2_CFLAGS)
vk_authenticator_libs = libvk-authenticator.la libvk-core.la $(FIDO2_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/authenticator/authenticator
tests_authenticator_authenticator_SOURCES = tests/authenticator/control.c \
	tests/authenticator/control.h tests/authenticator/main.c
tests_authenticator_authenticator_CFLAGS = $(AM_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_authenticator_LDADD = $(vk_authenticator_libs)

authenticator_test_support = tests/authenticator/client.c tests/authenticator/client.h \
	tests/authenticator/socket_io.c tests/authenticator/socket_io.h
authenticator_test_programs = tests/authenticator/test_authenticator \
	tests/authenticator/test_authenticator_extensions \
	tests/authenticator/test_authenticator_mistakes \
	tests/authenticator/test_authenticator_pin \
	tests/authenticator/test_authenticator_touch \
	tests/authenticator/test_authenticator_wire
check_PROGRAMS += $(authenticator_test_programs)
TESTS += $(authenticator_test_programs)
# A new authenticator makes keys and certificates: ASan is quicker, and is what check.sh has.
valgrind_tests += tests/authenticator/test_authenticator
valgrind_slow_tests += $(authenticator_test_programs)
thread_tests += $(authenticator_test_programs)
tests_authenticator_test_authenticator_SOURCES = tests/authenticator/test_authenticator.c \
	$(authenticator_test_support)
tests_authenticator_test_authenticator_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_test_authenticator_LDADD = $(vk_authenticator_libs) $(CHECK_LIBS)
tests_authenticator_test_authenticator_extensions_SOURCES = tests/authenticator/test_authenticator_extensions.c \
	$(authenticator_test_support)
tests_authenticator_test_authenticator_extensions_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_test_authenticator_extensions_LDADD = $(vk_authenticator_libs) $(CHECK_LIBS)
tests_authenticator_test_authenticator_mistakes_SOURCES = tests/authenticator/test_authenticator_mistakes.c \
	$(authenticator_test_support)
tests_authenticator_test_authenticator_mistakes_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_test_authenticator_mistakes_LDADD = $(vk_authenticator_libs) $(CHECK_LIBS)
tests_authenticator_test_authenticator_pin_SOURCES = tests/authenticator/test_authenticator_pin.c \
	$(authenticator_test_support)
tests_authenticator_test_authenticator_pin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_test_authenticator_pin_LDADD = $(vk_authenticator_libs) $(CHECK_LIBS)
tests_authenticator_test_authenticator_touch_SOURCES = tests/authenticator/test_authenticator_touch.c \
	$(authenticator_test_support)
tests_authenticator_test_authenticator_touch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_test_authenticator_touch_LDADD = $(vk_authenticator_libs) $(CHECK_LIBS)
tests_authenticator_test_authenticator_wire_SOURCES = tests/authenticator/test_authenticator_wire.c
tests_authenticator_test_authenticator_wire_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(FIDO2_CFLAGS)
tests_authenticator_test_authenticator_wire_LDADD = $(vk_authenticator_libs) $(CHECK_LIBS)

# The program, and another client of it: Debian's python3-fido2.
authenticator_tests = tests/authenticator/program.sh tests/authenticator/python_client.sh
TESTS += $(authenticator_tests)
EXTRA_DIST += $(authenticator_tests) tests/authenticator/README.md tests/authenticator/python_client.py

# Another authenticator: emulator/run.sh runs it, which scripts/check.sh does, since it wants npm.
check_PROGRAMS += tests/authenticator/emulator/test_emulator
tests_authenticator_emulator_test_emulator_SOURCES = tests/authenticator/emulator/test_emulator.c
tests_authenticator_emulator_test_emulator_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_authenticator_emulator_test_emulator_LDADD = $(vk_test_token_libs) $(FIDO2_LIBS)
EXTRA_DIST += tests/authenticator/emulator/emulator.mjs tests/authenticator/emulator/package.json \
	tests/authenticator/emulator/package-lock.json tests/authenticator/emulator/relay.py \
	tests/authenticator/emulator/run.sh
