#!/usr/bin/env bash
# Runs the fuzz targets, or those that are named, for a number of seconds each (default 60), and fails
# if one finds something. FUZZ_BUILD: a build configured with --enable-fuzz (default build/fuzz). What
# the fuzzers learn is kept there in corpus/, what they find in findings/.
#
# Usage: fuzz.sh [SECONDS [TARGET...]]
set -euo pipefail
. "$(dirname "$0")/lib.sh"

seconds=${1:-60}
shift || true
build=${FUZZ_BUILD:-$root/build/fuzz}
export VK_TEST_SRCDIR=$root
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1

# shellcheck disable=SC2086
install_packages $build_packages check $clang_packages
bootstrap
mkdir -p "$build"
(
    cd "$build"
    [ -f config.status ] || "$root/configure" --quiet --enable-fuzz CC=clang CFLAGS='-g -O1'
    make -s -j "$jobs" fuzzers
)
cd "$build"
mkdir -p findings
rm -rf seeds
tests/fuzz/replay --write seeds
for name in seeds/*; do mkdir -p "corpus/${name#seeds/}"; done
# Names of members and kinds, for the texts.
grep -rhoE '"[A-Za-z0-9_]{2,32}":' seeds/batch seeds/policy seeds/serialized | tr -d ':' | sort -u |
    sed 's/"\(.*\)"/"\\"\1\\""/' >names.dict

# fuzz TARGET: the old findings first, then what libFuzzer makes of seeds and corpus.
fuzz() {
    local target=$1 old=$root/tests/fuzz/regressions/$1 log=findings/$1.log folders=()
    [ -d "$old" ] && folders+=("$old")
    # libfido2 and libcbor allocate what a reply says that follows; that there is no memory is an answer.
    [ "$target" = fido2 ] && local -x ASAN_OPTIONS=$ASAN_OPTIONS:max_allocation_size_mb=64
    VK_FUZZ_TARGET=$target ${FUZZ_PREFIX:-} tests/fuzz/fuzz -max_total_time="$seconds" -timeout=20 \
        -rss_limit_mb=3000 -max_len=16384 -dict=names.dict -print_final_stats=1 \
        -artifact_prefix="findings/$target-" "corpus/$target" "seeds/$target" "${folders[@]}" \
        >"$log" 2>&1 || {
        tail -n 40 "$log"
        echo "fuzz: $target found something: $build/findings/$target-*" >&2
        return 1
    }
    printf '%-16s %s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: */runs: /p; s/^stat::new_units_added: */, new: /p' "$log" | tr -d '\n')"
}
export -f fuzz
export root build seconds

if [ $# = 0 ]; then
    # shellcheck disable=SC2046
    set -- $(VK_FUZZ_TARGET='' tests/fuzz/fuzz 2>&1 | sed 's/.*one of://')
fi
if setarch -R true 2>/dev/null; then
    export FUZZ_PREFIX='setarch -R'
fi
printf '%s\n' "$@" | xargs -P "$jobs" -I NAME bash -euo pipefail -c 'fuzz NAME' || die "Fuzzing found something."
