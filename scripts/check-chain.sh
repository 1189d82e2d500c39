#!/usr/bin/env bash
# Installs, builds, and runs the tests on a chain of their own: tests/chain, with anvil, EntryPoints,
# thirdweb's accounts, a bundler and a paymaster from npm, all on loopback. Prints a line for each test,
# and how many passed. Exit status 0 only if none failed; one that cannot run does not count as passed.
# With names as arguments, only those. $VALETKEY_BUILD is a build directory to use instead.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$root/scripts/runner.sh"

build_dir=${VALETKEY_BUILD:-$root/build/chain}
# shellcheck disable=SC2086
install_packages $build_packages $demo_packages
install_node
if [ -z "${VALETKEY_BUILD:-}" ]; then
    bootstrap
    build "$build_dir"
fi
export VALETKEY_BUILD=$build_dir

tests=()
for script in "$root"/tests/chain/*.sh; do
    name=$(basename "$script" .sh)
    [ "$name" != lib ] && [ "$name" != install ] || continue
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    tests+=("$name")
done
[ ${#tests[@]} -gt 0 ] || die "There is no such test in tests/chain: $*"

# What of the packages' versions a reader wants to know.
locked() { jq -r --arg name "node_modules/$1" '.packages[$name].version' "$root/tests/chain/package-lock.json"; }

start_runner "$build_dir/chain-tests"
status=0
"$root/tests/chain/install.sh" >"$logs/install.out" 2>&1 || status=$?
case $status in
0 | 77) ;; # the tests say themselves that they cannot run
*) cat "$logs/install.out" && die "The packages of tests/chain cannot be installed." ;;
esac
# All at once: they wait most of their time.
for name in "${tests[@]}"; do
    run_script "$root/tests/chain/$name.sh" "anvil $(locked @foundry-rs/anvil), alto $(locked @pimlico/alto)" &
done
wait
for name in "${tests[@]}"; do
    report_script "$name"
done
finish_runner "tests on a chain"
