# Fuzz targets. In make check they run over seeds and old findings; "make fuzzers" in a build
# configured with --enable-fuzz makes the program for libFuzzer, which scripts/fuzz.sh runs.
fuzz_sources = src/gate/login_request.c src/net/aa_error.c src/net/aa_revert.c src/net/answer.c src/net/bundler_read.c src/net/chain_config.c \
	src/net/chain_state_read.c src/net/node_config.c src/net/paymaster_read.c src/net/url.c src/net/header.c src/net/member.c src/net/passkey_read.c \
	src/net/relying_party_read.c src/net/reply.c src/token/anchor_slot.c tests/fuzz/anchor.c tests/fuzz/answers.c tests/fuzz/base.c tests/fuzz/batch.c tests/fuzz/calls.c \
	tests/fuzz/calls_arguments.c tests/fuzz/calls_arguments.h tests/fuzz/calls_token.c tests/fuzz/calls_token.h \
	tests/fuzz/credential.c tests/fuzz/fido2.c tests/fuzz/fido2.h tests/fuzz/fuzz.c \
	tests/fuzz/fuzz.h \
	tests/fuzz/kernel.c tests/fuzz/message.c tests/fuzz/net.c tests/fuzz/passkey.c tests/fuzz/policy.c tests/fuzz/services.c tests/fuzz/step_up.c tests/fuzz/thirdweb.c \
	tests/fuzz/userop.c tests/fuzz/verify.c tests/fuzz/webauthn.c
# Without src/keys/fido2_unix.c, whose place tests/fuzz/fido2.c takes.
fuzz_sources += src/keys/fido2.c src/keys/fido2_assert.c src/keys/fido2_error.c \
	src/keys/fido2_make.c src/keys/fido2_pin.c src/keys/fido2_resident.c src/keys/fido2_use.c
check_LTLIBRARIES += libvk-fuzz.la
libvk_fuzz_la_SOURCES = $(fuzz_sources)
libvk_fuzz_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
libvk_fuzz_la_LIBADD = $(FIDO2_LIBS) $(CURL_LIBS)

check_PROGRAMS += tests/fuzz/replay
TESTS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = tests/fuzz/replay.c tests/fuzz/seeds.c tests/fuzz/seeds.h tests/fuzz/seeds_answers.c \
	tests/fuzz/seeds_fido2.c tests/fuzz/seeds_services.c tests/support/quick_pins.c
tests_fuzz_replay_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_fuzz_replay_DEPENDENCIES = valetkey-pkcs11.la
tests_fuzz_replay_LDADD = libvk-fuzz.la libvk-batch.la libvk-authenticator.la $(vk_test_libs) \
	$(CRYPTO_LIBS)
EXTRA_DIST += tests/fuzz/regressions

EXTRA_PROGRAMS += tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = tests/fuzz/engine.c tests/support/quick_pins.c
tests_fuzz_fuzz_LDADD = libvk-fuzz.la libvk-batch.la libvk-core.la $(CJSON_LIBS)
tests_fuzz_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer -export-dynamic
EXTRA_tests_fuzz_fuzz_DEPENDENCIES = valetkey-pkcs11.la
CLEANFILES += tests/fuzz/fuzz
fuzzers: tests/fuzz/fuzz tests/fuzz/replay
.PHONY: fuzzers
