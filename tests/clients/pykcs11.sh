#!/usr/bin/env bash
# PyKCS11: the programs in doc/examples sign operations by the vendor mechanism and the standard way;
# a program of this test makes, uses and deletes keys. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
new_token sudo
must $python "$root/tests/clients/pykcs11.py" "$module" <"$work/pin"
says '^both curves'
cat "$work/out"
rm -rf "$VALETKEY_HOME"

session_token
vendor=("$python" "$root/doc/examples/vendor-way.py" "$module" main usdc "$work/op.json")
operation ecdsa 0
judge_finished 0 "$("${vendor[@]}" <"$work/pin")"
operation ecdsa 2
must_fail 0x00000200 "${vendor[@]}" <"$work/pin"
[ "$(last_denial usdc)" = "call: 100.000001 USDC is over the limit of 100" ] ||
    die "the reason is $(last_denial usdc)"
echo "vendor mechanism: signed as the SDK, refused what the policy refuses"
judge_program 0 "$python" "$root/doc/examples/standard-way.py" "$module"
judge_program 1 "$python" "$root/doc/examples/standard-way.py" "$module"
echo "standard way: both keys signed two operations"
