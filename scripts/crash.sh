#!/usr/bin/env bash
# The crash test: several processes with several threads use one token and are killed at random
# moments, in some runs the power is cut; after every run another process looks at everything (see
# tests/crash/crash.c). Prints the seed, and what was interrupted how often. After a failure the
# directory stays; the same seed makes the same choices, though not the same moments.
#
# Usage: crash.sh [RUNS [SECONDS [SEED]]]: 500 runs, no end before, a seed of the clock's.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

runs=${1:-500}
seconds=${2:-0}
build_dir=${VALETKEY_BUILD:-$root/build/crash}
[ $# -gt 3 ] && die "Usage: crash.sh [RUNS [SECONDS [SEED]]]"

# shellcheck disable=SC2086
install_packages $build_packages check
bootstrap
build "$build_dir"
make -s -C "$build_dir" tests/crash/crash valetkey-pkcs11.la valetkey
exec env VK_TEST_BUILDDIR="$build_dir" "$build_dir/tests/crash/crash" ${3:+-s "$3"} -t "$seconds" "$runs"
