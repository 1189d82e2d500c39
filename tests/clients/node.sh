#!/usr/bin/env bash
# pkcs11js and graphene-pk11: the programs in doc/examples sign operations by the vendor mechanism and
# the standard way; a program of this test makes, uses and deletes keys. $VALETKEY_BUILD is the build
# directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v node >/dev/null && command -v npm >/dev/null || not_run "there is no Node.js with npm"
# Not where make dist looks for tests/clients.
node_dir=$VALETKEY_BUILD/clients-node
mkdir -p "$node_dir"
cp "$root"/tests/clients/package{,-lock}.json "$root/tests/clients/pkcs11js.mjs" \
    "$root"/doc/examples/*.mjs "$node_dir"
if ! cmp -s "$root/tests/clients/package-lock.json" "$node_dir/installed-lock"; then
    (cd "$node_dir" && must npm ci --no-audit --no-fund)
    cp "$node_dir/package-lock.json" "$node_dir/installed-lock"
fi

new_token sudo
must node "$node_dir/pkcs11js.mjs" "$module" <"$work/pin"
says '^both curves'
cat "$work/out"
rm -rf "$VALETKEY_HOME"

session_token
vendor=(node "$node_dir/vendor-way.mjs" "$module" main usdc "$work/op.json")
operation ecdsa 0
judge_finished 0 "$("${vendor[@]}" <"$work/pin")"
operation ecdsa 2
must_fail 'CKR_FUNCTION_REJECTED\|:512\|0x200' "${vendor[@]}" <"$work/pin"
[ "$(last_denial usdc)" = "call: 100.000001 USDC is over the limit of 100" ] ||
    die "the reason is $(last_denial usdc)"
echo "pkcs11js, vendor mechanism: signed as the SDK, refused what the policy refuses"
cat >"$node_dir/graphene.mjs" <<'EOF'
import { readFileSync } from "node:fs";
import graphene from "graphene-pk11";
const [path, operation] = process.argv.slice(2);
const module = graphene.Module.load(path);
module.initialize();
const { SessionFlag, ObjectClass } = graphene;
const session = module.getSlots(0).open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION);
session.login(process.env.TEST_PIN);
const key = session.find({ class: ObjectClass.PRIVATE_KEY, label: "usdc" }).items(0).toType();
process.stdout.write(session.createSign(0x80564b02, key).once(readFileSync(operation)));
module.finalize();
EOF
operation ecdsa 1
node "$node_dir/graphene.mjs" "$module" "$work/op.json" >"$work/part"
judge_ecdsa 1 "$work/part"
judge_program 0 node "$node_dir/standard-way.mjs" "$module"
judge_program 1 node "$node_dir/standard-way.mjs" "$module"
echo "graphene-pk11: signed by the vendor mechanism; the standard way both keys signed two operations"
