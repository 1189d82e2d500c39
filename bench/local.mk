EXTRA_PROGRAMS += bench/sign
bench_sign_SOURCES = bench/sign.c bench/measure.c bench/measure.h bench/session_key.c bench/session_key.h \
	tests/support/client.c tests/support/client.h
bench_sign_CFLAGS = $(AM_CFLAGS)
bench_sign_LDADD = $(vk_test_libs) $(SECP256K1_LIBS) $(CRYPTO_LIBS)
CLEANFILES += bench/sign bench/data bench/budget bench/scale
EXTRA_PROGRAMS += bench/scale
bench_scale_SOURCES = bench/scale.c bench/measure.c bench/measure.h
bench_scale_CFLAGS = $(AM_CFLAGS)
bench_scale_LDADD = -ldl
EXTRA_PROGRAMS += bench/data
bench_data_SOURCES = bench/data.c
bench_data_CFLAGS = $(AM_CFLAGS)
bench_data_LDADD = $(vk_test_libs) $(SECP256K1_LIBS)
EXTRA_PROGRAMS += bench/budget
bench_budget_SOURCES = bench/budget.c bench/session_key.c bench/session_key.h \
	tests/support/client.c tests/support/client.h
bench_budget_CFLAGS = $(AM_CFLAGS)
bench_budget_LDADD = $(vk_test_token_libs) $(CRYPTO_LIBS) $(SECP256K1_LIBS)
EXTRA_LTLIBRARIES = bench/slow-sync.la
bench_slow_sync_la_SOURCES = bench/slow_sync.c
bench_slow_sync_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
EXTRA_DIST += bench/node/package.json bench/node/package-lock.json bench/node/data.mjs

# Prints ratios; never fails on them. BENCH_ARGS: slices, seconds per slice.
BENCH_ARGS =
bench: bench/sign bench/data bench/budget bench/slow-sync.la valetkey-pkcs11.la
	@VK_TEST_SRCDIR='$(abs_top_srcdir)' ./bench/data $(BENCH_ARGS)
	@home=$$(mktemp -d) && export VALETKEY_HOME="$$home" VALETKEY_ANCHOR_DIR="$$home/anchors" VK_TEST_BUILDDIR='$(abs_top_builddir)' && \
	./bench/sign $(BENCH_ARGS) && ./bench/budget $(BENCH_ARGS) && \
	echo 'With syncs that take 5 ms longer:' && \
	LD_PRELOAD='$(abs_top_builddir)/bench/.libs/slow-sync.so' ./bench/budget $(BENCH_ARGS); \
	status=$$?; rm -rf "$$home"; exit $$status
.PHONY: bench
