#!/bin/bash
# Nothing is sent twice as two operations, whatever the servers say: what may be on its way stays in the
# outbox, and nothing goes beside it.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
import_session
serve 31337
want 0 "${send[@]}" --dry-run --json
hash=$(jq -r .userOpHash out)
null='{"result":null}'

# ---- What is wrong is told before anything is sent ----
rm -f calls
want 1 "${send[@]}" --wait --timeout abc --pin-file pin
grep -q '^valetkey: --timeout' err || fail "$(cat err)"
same "$(cat calls 2>/dev/null)" '' "what was asked"
kept

# ---- A bundler that has it says no ----
script eth_sendUserOperation '{"drop":true}'
want 8 "${send[@]}" --pin-file pin
kept "$hash"
script eth_sendUserOperation '{"error":{"code":-32602,"message":"already known"}}'
resume="valetkey send --label 'usdc' --resume $hash"
want 8 send --label usdc --resume "$hash"
grep -q "already known" err || fail "$(cat err)"
grep -q "$resume" err || fail "it is not said how to go on: $(cat err)"
kept "$hash"
want 8 "${send[@]}" --pin-file pin
grep -q "$resume" err || fail "it is not said how to go on: $(cat err)"
kept "$hash"
want 0 sign --label usdc --input <(jq .userOp "$VALETKEY_HOME/outbox/$hash.json") --operation --pin-file pin
cp out signed.json
want 8 send --label usdc --signed signed.json
kept "$hash"
# Of what nobody had before, no is no.
rm "$VALETKEY_HOME/outbox/$hash.json"
want 8 "${send[@]}" --pin-file pin
kept

# ---- A node is ahead of the bundler ----
cp start.json script.json
want 0 "${send[@]}" --pin-file pin
kept "$hash"
# It says that the permission is installed.
installed 0
before=$hash
rm -f calls
want 2 "${send[@]}" --pin-file pin
grep -q "the bundler has no receipt of it: $before$" err || fail "$(cat err)"
called eth_sendUserOperation 0
kept "$before"
# Once the bundler says so, too, the journal gets the receipt, and the next one goes.
receipt "$before" "$(nonce 01 0)"
want 0 "${send[@]}" --pin-file pin --json
hash=$(jq -r .userOpHash out)
kept "$hash"
want 0 audit list --label usdc --last 2 --json
json '[.records[] | [.event, .operation]]' "[[\"receipt\",\"$before\"],[\"signed\",\"$hash\"]]"
# So on the lane itself; and on any lane it takes another one.
next_nonce 1
script eth_getUserOperationReceipt "$null"
rm -f calls
want 2 "${send[@]}" --pin-file pin
grep -q "the bundler has no receipt of it: $hash$" err || fail "$(cat err)"
called eth_sendUserOperation 0
want 0 "${send[@]}" --lane auto --pin-file pin --json
grep -q '0001000000000000000[0-9a-f]"' <<<"$(jq .nonce out)" || fail "another lane: $(cat out)"
rm "$VALETKEY_HOME/outbox/$(jq -r .userOpHash out).json"
receipt "$hash" "$(nonce 00 0)"
want 0 "${send[@]}" --lane auto --pin-file pin --json
same "$(jq -r .nonce out | tail -c 17)" 0000000000000001 "the nonce"
kept "$(jq -r .userOpHash out)"
rm "$VALETKEY_HOME"/outbox/*

# ---- How it goes on ----
cp start.json script.json
script eth_sendUserOperation '{"drop":true}'
want 8 "${send[@]}" --pin-file pin
cp start.json script.json
receipt "$before" "$(nonce 01 0)"
want 1 send --resume "$before"
err <<'END'
valetkey: a session key signed this operation, whose journal gets the receipt
valetkey: name the key with --label
END
kept "$before"
want 1 send --label usdc --resume "$before" --paymaster
want 1 send --label usdc --resume "$before" --lane 1
want 0 send --label usdc --resume "$before" --pin-file pin
kept

# A file that nobody can read may hold one.
echo x >"$VALETKEY_HOME/outbox/0x$(word 1).json"
rm -f calls
want 2 "${send[@]}" --pin-file pin
grep -q '^valetkey: what it says may be on its way: nothing is sent until the file is mended, or moved away$' err ||
    fail "$(cat err)"
called eth_sendUserOperation 0
finish
