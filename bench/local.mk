EXTRA_PROGRAMS += bench/sign
bench_sign_SOURCES = bench/sign.c tests/support/client.c tests/support/client.h
bench_sign_CFLAGS = $(AM_CFLAGS)
bench_sign_LDADD = $(vk_test_libs) $(SECP256K1_LIBS) $(CRYPTO_LIBS)
CLEANFILES += bench/sign bench/data
EXTRA_PROGRAMS += bench/data
bench_data_SOURCES = bench/data.c
bench_data_CFLAGS = $(AM_CFLAGS)
bench_data_LDADD = $(vk_test_libs) $(SECP256K1_LIBS)
EXTRA_DIST += bench/node/package.json bench/node/package-lock.json bench/node/data.mjs

# Prints ratios; never fails on them. BENCH_ARGS: slices, seconds per slice.
BENCH_ARGS =
bench: bench/sign bench/data valetkey-pkcs11.la
	@VK_TEST_SRCDIR='$(abs_top_srcdir)' ./bench/data $(BENCH_ARGS)
	@home=$$(mktemp -d) && \
	VK_TEST_BUILDDIR='$(abs_top_builddir)' VALETKEY_HOME="$$home" ./bench/sign $(BENCH_ARGS); \
	status=$$?; rm -rf "$$home"; exit $$status
.PHONY: bench
