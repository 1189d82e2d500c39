#!/bin/bash
# session create and the account's nonce on each chain: asked for, given, compared, or taken to be 1. With
# one signature for several chains each has its own.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"

jq -r .owner.privateKey "$vectors/multichain_session.json" >owner.hex
jq -r '.serializedAccounts[0]' "$vectors/multichain_session.json" | base64 -d |
    jq '[.permissionParams.policies[].policyParams]' >policy.json
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE"
want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
want 0 account create --token main --name multi --kernel-version 0.3.1 --validator multichain --owner-key "$uri" --pin-file pin
create=(session create --token main --account multi --chain-id 1,10 --policy policy.json --lint off --pin-file pin)
signed=("${create[@]}" --owner-pin-file pin)

# ---- Nobody to ask ----
want 0 "${create[@]}" --label none --json
json '[.enableNonce, (.chains | map([.chainId, .enableNonce, .typedData.message.nonce]))]' '[1,[[1,1,1],[10,1,1]]]'
err <<'END'
valetkey: note: no node of chains 1 and 10 is in the chain file: it is approved there with nonce 1, which is good as long as the account's currentNonce() is that
END
for bad in 1,2,3 '1,' ',1' x 1,x -1 4294967296 ''; do
    want 1 "${create[@]}" --label bad --enable-nonce "$bad"
    grep -q -- '--enable-nonce is ' err || fail "$(cat err)"
done
want 0 "${create[@]}" --label given --enable-nonce 3,1 --json
json '[.enableNonce, (.chains | map(.typedData.message.nonce))]' '[null,[3,1]]'
err </dev/null
root=$(jq -r .merkleRoot out)
want 0 "${create[@]}" --label common --enable-nonce 3 --json
json '[.enableNonce, (.chains | map(.typedData.message.nonce))]' '[3,[3,3]]'

# ---- Nodes of two chains: on the first the account is used, on the second not there ----
jq -n --arg nonce "0x$(word 3)" --arg one "0x$(word 1)" --arg two "0x$(word 0)$(word 0)" \
    --arg three "0x$(word 32)$(word 0)$(word 0)$(word 96)$(word 0)" '{chainId: 1, answers: {
    eth_chainId: {result: "0x1"}, eth_getCode: {result: "0x60"}, eth_getBalance: {result: "0x0"},
    "eth_call:0x70a08231": {result: $one}, "eth_call:0xadb610a3": {result: $nonce},
    "eth_call:0x90ef8862": {result: $one}, "eth_call:0xb8afe17d": {result: $two},
    "eth_call:0xc3e58978": {result: $three}}}' >one.json
jq -n '{chainId: 10, answers: {eth_chainId: {result: "0xa"}, eth_getCode: {result: "0x"}}}' >ten.json
cp one.json first.json
listen one.json one.url
listen ten.json ten.url
jq -n --arg one "$(cat one.url)" --arg ten "$(cat ten.url)" \
    '{"1": {node: {url: $one}}, "10": {node: {url: $ten}}}' >chains.json
want 0 "${signed[@]}" --label asked --chains chains.json --output asked.txt --json
json '[.enableNonce, (.sessions | map([.chainId, .enableNonce]))]' '[null,[[1,3],[10,1]]]'
err <<'END'
valetkey: note: it is approved with nonce 3 on chain 1, which the account has there by the word of the node
valetkey: note: the account is not deployed on chain 10: it is approved there with nonce 1, its first
END
# A nonce by the word of a node is told before the owner signs.
echo wrong-pin >wrong
want 4 "${create[@]}" --label unsigned --chains chains.json --owner-pin-file wrong
grep -q '^valetkey: note: it is approved with nonce 3 on chain 1, ' err || fail "$(cat err)"
cp chains.json "$VALETKEY_HOME/chains.json"
# In two steps, by the file beside the tokens; the owner signs the same root as with the nonces given.
want 0 "${create[@]}" --label given --json
json '[.made, .merkleRoot]' "[false,\"$root\"]"

# Each leaf has its nonce: the texts are good with these, and with no others.
key=(--key-file key.hex --token main --lint off --pin-file pin --chain-id 1,10)
jq -r .session.privateKey "$vectors/multichain_session.json" >key.hex
want 0 key import --token main --label ours --key-file key.hex --policy policy.json --lint off --pin-file pin
want 0 "${signed[@]}" --label ours --output ours.txt
want 0 key remove --token main --label ours --pin-file pin
want 2 session import --label back --serialized ours.txt "${key[@]}" --enable-nonce 1
want 2 session import --label back --serialized ours.txt "${key[@]}" --enable-nonce 1,3
want 1 session import --label back --serialized ours.txt "${key[@]}" --enable-nonce 3,1,1
want 0 session import --label back --serialized ours.txt "${key[@]}" --enable-nonce 3,1
want 0 session status --token main --label back --chain-id 1 --json
json '.sessions[0] | [.currentNonce, .enableNonce, .permission]' '[3,3,"absent"]'

# ---- Given, and compared ----
want 0 "${create[@]}" --label said --enable-nonce 3,1
err </dev/null
want 0 "${create[@]}" --label said --enable-nonce 1 --json
json '.chains | map(.enableNonce)' '[1,1]'
err <<'END'
valetkey: warning: on chain 1 the account's approvals are at nonce 3, not at 1: what is approved with that is good for nothing there
END
# Some chains only have a node.
want 0 session create --token main --account multi --chain-id 8453,10 --policy policy.json --lint off --pin-file pin --label some --json
json '.chains | map(.enableNonce)' '[1,1]'
err <<'END'
valetkey: note: the account is not deployed on chain 10: it is approved there with nonce 1, its first
valetkey: note: no node of chain 8453 is in the chain file: it is approved there with nonce 1, which is good as long as the account's currentNonce() is that
END

# ---- An approval that is still to come alive ----
# A node said 3 when it was made, and the account is at 1: it is revoked up to there, if that is not too far.
jq --arg one "0x$(word 1)" '.answers += {"eth_call:0xadb610a3": {result: $one},
    eth_supportedEntryPoints: {result: ["0x0000000071727De22E5E9d8BAf0edAc6f37da032"]},
    "eth_call:0x35567e1a": {nonce: 0},
    pimlico_getUserOperationGasPrice: {result: {standard: {maxFeePerGas: "0x3b9aca00", maxPriorityFeePerGas: "0x3b9aca00"}}},
    eth_estimateUserOperationGas: {result: {preVerificationGas: "0xc350", verificationGasLimit: "0xf4240",
        callGasLimit: "0x186a0"}}}' first.json >one.json
jq '."1".bundler = ."1".node' chains.json >both.json
asked=(--token main --label asked --chain-id 1 --chains both.json)
want 0 session status "${asked[@]}"
grep -q 'comes alive at a later nonce of the account' out || fail "$(cat out)"
want 3 send "${asked[@]}" --call 0x00000000000000000000000000000000000000aa,0 --dry-run
head -n 1 err >first
diff - first <<<"valetkey: the owner approved with the account's nonce 3, which is at 1 only: the approval comes alive when the account gets there" ||
    fail "another message"
want 0 session revoke "${asked[@]}" --owner-key "$uri" --dry-run --json
json .operation.userOp.callData "0x1f1b92e3$(word 4)"
# ahead NONCE: a session that is approved with it.
ahead() {
    want 0 "${signed[@]}" --label "at$1" --chains both.json --enable-nonce "$1,1"
    grep -q "the account's approvals are at nonce 1, not at $1: what is approved with that comes alive there" err || fail "$(cat err)"
}
ahead 10
want 0 session revoke "${asked[@]/asked/at10}" --owner-key "$uri" --dry-run --json
json .operation.userOp.callData "0x1f1b92e3$(word 11)"
for far in 11 4294967295; do
    ahead $far
    want 3 session revoke "${asked[@]/asked/at$far}" --owner-key "$uri" --owner-pin-file pin
    head -n 1 err >first
    diff - first <<<"valetkey: the approval comes alive at the account's nonce $far, and the account, which is at 1, takes no step as far as beyond it" ||
        fail "another message"
done
jq '.answers["eth_call:0xadb610a3"].result = "0x'"$(word 4)"'"' one.json >next && mv next one.json
want 5 session revoke "${asked[@]}" --owner-key "$uri" --owner-pin-file pin
cp first.json one.json

# ---- A node that does not help ----
jq '.answers.eth_chainId.result = "0x2"' first.json >one.json
want 8 "${signed[@]}" --label lost
err <<'END'
valetkey: cannot ask for the account's nonce on chain 1: http://127.0.0.1 is on chain 2
valetkey: if you know its currentNonce(), say it with --enable-nonce, one for all chains or one for each
END
jq '.answers["eth_call:0xadb610a3"].result = "0x"' first.json >one.json
want 8 "${signed[@]}" --label lost
want 0 "${create[@]}" --label unlost --enable-nonce 3
grep -q '^valetkey: warning: nobody compared --enable-nonce with chain 1: ' err || fail "$(cat err)"
want 5 key show --token main --label lost
cp first.json one.json
chmod 644 "$VALETKEY_HOME/chains.json"
want 2 "${signed[@]}" --label lost
chmod 600 "$VALETKEY_HOME/chains.json"
# Other accounts have no such nonce: nobody is asked.
want 0 account create --token main --name plug --kernel-version 0.2.4 --owner-key "$uri" --pin-file pin
echo '{}' >one.json
want 0 session create --token main --account plug --label plug --type p256 --chain-id 1 --policy policy.json --lint off \
    --owner-pin-file pin --pin-file pin --json
json '.sessions[0].enableNonce' null
err </dev/null
finish
