#!/usr/bin/env bash
# The guide's Node program (graphene-pk11), signing the standard way for both keys. $VALETKEY_BUILD
# is the build directory. Where there is no Node with npm there is nothing to try.
set -euo pipefail
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "no Node here: the guide's program for it was not run"
    exit 0
fi
. "$(dirname "$0")/lib.sh"

# Not where make dist looks for tests/clients.
node_dir=$VALETKEY_BUILD/standard-way-node
mkdir -p "$node_dir"
cp "$root"/tests/clients/package{,-lock}.json "$root/doc/examples/standard-way.mjs" "$node_dir"
(cd "$node_dir" && npm ci --no-audit --no-fund >npm.out 2>&1) || {
    cat "$node_dir/npm.out"
    die "npm ci failed"
}
node=(node "$node_dir/standard-way.mjs" "$VALETKEY_MODULE")
judge_program 0 "${node[@]}"
judge_program 1 "${node[@]}"
echo "graphene-pk11: the guide's program signed for both keys"
