#!/bin/bash
# Operations that are signed before they are sent: by "sign", by a session part and "userop attach", by
# nobody, by another key; and those that a browser signs in between. No login is needed to send one.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"

import_session
serve 31337

# ---- What excludes what ----
want 1 send --label usdc --signed op.json --call "$pay"
want 1 send --label usdc --signed op.json --userop op.json
want 1 send --label usdc --signed op.json --dry-run
err <<'E'
valetkey: --signed and --dry-run exclude each other
E
want 1 send --label usdc --signed op.json --lane 1
want 1 send --label usdc --signed op.json --paymaster
want 1 send --label usdc --signed op.json --assertion op.json
want 1 send --label usdc --call "$pay" --assertion op.json
want 1 send --label usdc --userop op.json --output op.json
want 1 send --label usdc --call "$pay" --output op.json --pin-file pin
err <<'E'
valetkey: the key "usdc" signs at once, so --output has nothing to keep
valetkey: with --dry-run, it writes the operation and sends nothing
E

# ---- Built here, signed by "sign", sent later ----
send=(send --label usdc)
want 3 "${send[@]}" --call "$steal" --dry-run --output op.json
[ ! -e op.json ] || fail "an operation that is refused"
want 0 "${send[@]}" --call "$pay" --dry-run --output op.json
want 0 "${send[@]}" --call "$pay" --dry-run --json
json .operation "$(jq -c . op.json)"
hash=$(jq -r .userOpHash out)
want 0 sign --label usdc --input op.json --operation --pin-file pin
cp out signed.json
rm -f calls
want 0 "${send[@]}" --signed signed.json
out <<<"Sent for the account $account on chain 31337: $hash"
called eth_sendUserOperation 1
called eth_estimateUserOperationGas 0
kept "$hash"
# Once more: it is included by now, so it is not sent again.
receipt "$hash" "$(nonce 01 0)"
rm -f calls
want 0 "${send[@]}" --signed signed.json --wait --pin-file pin
out <<E
Sent for the account $account on chain 31337: $hash
Done in block 436, for 0.001 ether: 0x$(word 7)
E
called eth_sendUserOperation 0
kept
# On standard input, with its chain.
jq -c '{chainId: 31337, entryPoint: "'$entry_point'", userOp: .}' signed.json >whole.json
step='send --signed -'
setsid -w "$VK_TEST_BUILDDIR/valetkey" "${send[@]}" --signed - --json <whole.json >out 2>err || fail "$(cat err)"
json '[.userOpHash, .chainId]' "[\"$hash\",31337]"
rm -f "$VALETKEY_HOME"/outbox/*

# The same from a session part.
want 0 sign --label usdc --session --input op.json --pin-file pin
cp out part
want 0 userop attach --label usdc --input op.json --session-part part --operation
same "$(cat out)" "$(cat signed.json)" "the attached operation"

# ---- What is not good goes nowhere ----
rm -f calls
bad() { # FILTER WORDS: of the signed operation.
    jq -c "$1" signed.json >bad.json
    want 2 "${send[@]}" --signed bad.json
    grep -q "$2" err || fail "$(cat err)"
}
bad '.signature = "0x"' '^valetkey: the operation is not signed$'
bad 'del(.signature)' 'member "signature" is missing\|the operation is not signed'
bad '.callGasLimit = "0x1"' '^valetkey: the signature is not good: signature: 0x.* signed this, not 0x'
bad '.signature |= .[:-2]' '^valetkey: the signature is not good: '
bad '.signature |= "0xff" + .[-130:]' '^valetkey: the signature is not good: '
bad ".nonce = \"$(nonce 00 0)\"" '^valetkey: the signature is not good: '
bad ".nonce = \"$(id=00000001 nonce 01 0)\"" '^valetkey: the operation is not for this key: '
bad '.signature |= sub("a9059cbb"; "a9059cbc")' '^valetkey: the signature is not good: '
bad '.surplus = 1' 'surplus'
jq -c '.sender = "0x0000000000000000000000000000000000000001"' signed.json >bad.json
want 5 "${send[@]}" --signed bad.json
want 1 "${send[@]}" --signed whole.json --chain-id 1
want 2 "${send[@]}" --signed nowhere.json
want 0 key create --token main --label other --policy <(session .policies) --lint off --pin-file pin
want 5 send --label other --signed signed.json
same "$(cat calls 2>/dev/null)" '' "what was asked"

# ---- No answer comes ----
script eth_getUserOperationReceipt '{"result":null}'
script eth_sendUserOperation '{"drop":true}'
want 8 "${send[@]}" --signed signed.json
grep -q "valetkey send --label 'usdc' --resume $hash" err || fail "it is not said how to go on"
kept "$hash"
# Another with its nonce waits; this one does not stand in its own way.
jq '.userOp.callGasLimit = "0x186a1"' op.json >other.json
want 0 sign --label usdc --input other.json --operation --pin-file pin
cp out other-signed.json
want 2 "${send[@]}" --signed other-signed.json
grep -q "^valetkey: an operation with the same nonce may be on its way: $hash$" err || fail "$(cat err)"
script eth_sendUserOperation '{"hash":true}'
want 8 "${send[@]}" --signed signed.json --wait --timeout 1
grep -q 'it was not included within 1 seconds' err || fail "$(cat err)"
receipt "$hash" "$(nonce 01 0)"
rm -f calls
want 0 "${send[@]}" --resume "$hash" --wait --pin-file pin
called eth_sendUserOperation 0
kept
finish
