#!/usr/bin/env bash
# doc/examples/viem: unmodified viem and ZeroDev SDK with keys on tokens, through pkcs11js. The test's
# program signs operations and messages; nothing is sent. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v node >/dev/null && command -v npm >/dev/null || not_run "there is no Node.js with npm"
node_dir=$VALETKEY_BUILD/clients-viem
mkdir -p "$node_dir"
cp "$root"/doc/examples/viem/{package.json,package-lock.json,session-account.mjs,send.mjs} \
    "$root/tests/clients/viem.mjs" "$node_dir"
if ! cmp -s "$root/doc/examples/viem/package-lock.json" "$node_dir/installed-lock"; then
    (cd "$node_dir" && must npm ci --ignore-scripts --no-audit --no-fund && must npm rebuild pkcs11js)
    cp "$node_dir/package-lock.json" "$node_dir/installed-lock"
fi

session_token
valetkey token init --label owners --default-policy sudo --so-pin-file "$work/so-pin" \
    --pin-file "$work/pin" >/dev/null
valetkey key create --token owners --label owner --type secp256k1 --pin-file "$work/pin" >/dev/null
must node "$node_dir/viem.mjs" "$module" "$root/tests/vectors/session/ecdsa.json" "$work/pin"
says '^a session account' && says '^a local account'
cat "$work/out"
valetkey audit list --token main --label usdc --json >"$work/records"
[ "$(jq -c '[.records[] | select(.event == "receipt") | [.success, .reason, .block, .bundler]]' "$work/records")" = \
    '[[false,"execution reverted",436,"bundler.example"]]' ] || die "the receipts: $(cat "$work/records")"
echo "the journal has the receipt, once"

# What a user of send.mjs sees of mistakes; what it sends needs a chain.
must_fail 'usage: send.mjs' node "$node_dir/send.mjs"
must_fail '"0x12" is no address' node "$node_dir/send.mjs" config.json 0x12 1
must_fail 'no amount of ether' node "$node_dir/send.mjs" config.json "$(session ecdsa .account)" 1e3
echo '{"rpc":"http://127.0.0.1:1","token":"main"}' >"$work/config.json"
must_fail 'has no bundler, kernelVersion' node "$node_dir/send.mjs" "$work/config.json" \
    "$(session ecdsa .account)" 1
echo "send.mjs: says what is wrong with its arguments"
