#!/usr/bin/env bash
# Installs, builds with gcc and clang, and runs every test: unit tests, vectors, token, Cryptoki and
# command tests, verdicts, the demo, sanitizers, valgrind, distcheck. Exit status 0 only if all pass.
# Every test runs twice: as clang builds it with ASan and UBSan, and as gcc builds it from the
# tarball (distcheck). Warnings of both are errors.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
must_not_be_in_place

out=${CHECK_DIR:-$root/build}
# Tests wait: for disks, for time-outs, for each other. With one for each core, these would idle.
test_jobs=$((2 * jobs))
passed=0
skipped=0
fixed_addresses=
if setarch -R true 2>/dev/null; then
    fixed_addresses="setarch -R"
fi

# shellcheck disable=SC2086
install_packages $build_packages $demo_packages $check_packages $clang_packages $client_packages
install_node
# The tarball's sources are those of the build before it: they are compiled once.
export PATH=/usr/lib/ccache:$PATH CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$root
bootstrap

# configure has one core busy: all of them at once. Of debug information, what the sanitizers print is
# enough. The tarball is built as users build it.
asan=(--enable-werror --enable-fuzz CC=clang CFLAGS='-gline-tables-only -O1 -fno-omit-frame-pointer'
    LDFLAGS=-fuse-ld=lld)
tsan=(CC=gcc CFLAGS='-g1 -O1 -fsanitize=thread')
gcc=(--enable-werror CC=gcc)
configure "$out/asan" "${asan[@]}" &
configure "$out/tsan" "${tsan[@]}" &
configure "$out/gcc" "${gcc[@]}" &
for pid in $(jobs -p); do
    wait "$pid" || die "configure failed."
done

# Adds a build's count of passed tests; a failed or skipped one ends the run.
count_tests() {
    local log=$1/${2:-check.out} n
    grep -E '^# (SKIP|XFAIL|FAIL|XPASS|ERROR): +[1-9]' "$log" && die "Not every test passed in $1."
    n=$(sed -n 's/^# PASS: *//p' "$log")
    [ "${n:-0}" -gt 0 ] || die "No test ran in $1."
    passed=$((passed + n))
}

# Adds the parts of tests that a build's logs say are skipped: what only root may, without root.
count_skipped() {
    local n
    n=$({ grep -rh --include='*.log' '^skipped: [1-9]' "$1/tests" || true; } | tee -a /dev/stderr |
        awk '{ n += $2 } END { print n + 0 }')
    skipped=$((skipped + n))
}

# check_build NAME TARGET CONFIGURE-ARGUMENTS...
check_build() {
    local dir=$out/$1 target=$2
    shift 2
    say "make $target in ${dir#"$root"/}: $*"
    build "$dir" "$@"
    # The sanitizers' shadow memory does not get on with every random address. Results are printed
    # as they come, so that a run that is cut off shows where it was.
    (cd "$dir" && $fixed_addresses make -s -j "$test_jobs" "$target" 2>&1 | tee check.out |
        grep --line-buffered -E '^(PASS|FAIL|ERROR|SKIP|XFAIL|XPASS): ') || {
        grep -v '^PASS: ' "$dir/check.out" | tail -n 60
        tail -n 100 "$dir"/test-suite.log 2>/dev/null
        die "make $target failed in $dir"
    }
    count_tests "$dir"
    grep '^# TOTAL\|^# PASS' "$dir/check.out"
}

# With ASan and UBSan, and ready for the fuzzers.
# The leak checker of clang 14 can crash over the memory of threads in children of a process with
# modules that come and go; it finds no fewer leaks without looking there. What it passes over for
# that is nothing for the standard error that tests compare.
LSAN_OPTIONS=use_tls=0:print_suppressions=0:suppressions=$root/tests/support/lsan.supp check_build asan check "${asan[@]}"
count_skipped "$out/asan"
check_build tsan check-threads "${tsan[@]}"

# Nobody takes these archives anywhere: at its best, xz is half a minute on one core.
say "make distcheck in build/gcc: ${gcc[*]}"
build "$out/gcc" "${gcc[@]}"
(cd "$out/gcc" && XZ_OPT=-1 DISTCHECK_CONFIGURE_FLAGS=${gcc[*]} \
    make -s -j "$test_jobs" GZIP_ENV=--fast distcheck 2>&1 |
    tee distcheck.out | grep --line-buffered -E '^(PASS|FAIL|ERROR|SKIP|XFAIL|XPASS): ') || {
    grep -v '^PASS: ' "$out/gcc/distcheck.out" | tail -n 60
    tail -n 100 "$out"/gcc/valetkey-*/_build/sub/test-suite.log 2>/dev/null
    die "make distcheck failed."
}
count_tests "$out/gcc" distcheck.out
check_build gcc check-valgrind "${gcc[@]}"

say "Fuzz targets, 3 seconds each"
FUZZ_BUILD=$out/asan "$root/scripts/fuzz.sh" 3

say "Verdicts of the chain, played through C_Sign"
cat "$out/asan/tests/verdicts/play.log"

# What comes now needs these; they are built on both cores.
make -s -C "$out/gcc" -j "$jobs" valetkey valetkey-pkcs11.la tests/authenticator/authenticator \
    tests/authenticator/emulator/test_emulator tests/crash/crash bench/budget bench/data bench/scale \
    bench/sign bench/slow-sync.la
export VALETKEY_BUILD=$out/gcc

say "Processes that are killed, at most 30 runs in 20 seconds (scripts/crash.sh: 500 runs)"
"$root/scripts/crash.sh" 30 20

# The rest has one core busy at most, but for the clients: these run beside it, and so do the tests on
# a chain, which wait most of their time.
"$root/tests/clients/run.sh" >"$out/clients.out" 2>&1 &
clients=$!
"$root/scripts/check-chain.sh" >"$out/chain.out" 2>&1 &
chain=$!
trap 'kill $clients $chain 2>/dev/null; cat "$out/clients.out" "$out/chain.out"' EXIT

say "The demo"
"$root/scripts/demo.sh" >"$out/demo.log" 2>&1 || {
    cat "$out/demo.log"
    die "The demo failed."
}
grep ' operations signed, ' "$out/demo.log"

say "An authenticator that others wrote"
"$root/tests/authenticator/emulator/run.sh"

say "make install"
"$root/tests/clients/installed.sh" "$out/gcc"

say "2000 keys on a token (scripts/scale.sh: 100000)"
"$root/scripts/scale.sh" 2000

# collect PID NAME: what ran beside the rest.
collect() {
    local status=0
    wait "$1" || status=$?
    cat "$out/$2.out"
    [ "$status" = 0 ] || die "Not everything passed: $2."
    count_tests "$out" "$2.out"
    skipped=$((skipped + $(sed -n 's/^# NOT RUN: *//p' "$out/$2.out")))
}

say "Other people's programs"
trap 'kill $clients $chain 2>/dev/null' EXIT
collect "$clients" clients
say "A chain"
collect "$chain" chain
trap - EXIT

say "bench (a short run)"
(cd "$out/gcc" && make -s bench BENCH_ARGS='3 0.2')

echo
echo "$passed passed, 0 failed, $skipped skipped"
