# Does the module answer as the standard says? tests/conformance/README.md.
check_PROGRAMS += tests/conformance/conformance
tests_conformance_conformance_SOURCES = tests/conformance/calls.c tests/conformance/calls.h \
	tests/conformance/chapter_attributes.c tests/conformance/chapter_derive.c \
	tests/conformance/chapter_digest.c tests/conformance/chapter_ecdsa.c \
	tests/conformance/chapter_general.c tests/conformance/chapter_handles.c \
	tests/conformance/chapter_import.c tests/conformance/chapter_keys.c \
	tests/conformance/chapter_lengths.c tests/conformance/chapter_logins.c \
	tests/conformance/chapter_messages.c tests/conformance/chapter_objects.c \
	tests/conformance/chapter_pins.c tests/conformance/chapter_pointers.c \
	tests/conformance/chapter_search.c tests/conformance/chapter_sessions.c \
	tests/conformance/chapter_sign.c tests/conformance/chapter_slots.c \
	tests/conformance/chapter_uninitialized.c tests/conformance/chapter_unsupported.c \
	tests/conformance/chapter_verify.c tests/conformance/conformance.c \
	tests/conformance/conformance.h tests/conformance/ecdsa_math.c tests/conformance/ecdsa_math.h \
	tests/conformance/fixture.c tests/conformance/names.c tests/conformance/runner.c \
	tests/conformance/support.c tests/support/quick_pins.c
tests_conformance_conformance_CFLAGS = $(AM_CFLAGS)
tests_conformance_conformance_LDADD = $(CRYPTO_LIBS)
tests_conformance_conformance_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_conformance_conformance_DEPENDENCIES = valetkey-pkcs11.la
TESTS += tests/conformance/conformance
valgrind_slow_tests += tests/conformance/conformance
thread_tests += tests/conformance/conformance
EXTRA_DIST += tests/conformance/README.md
