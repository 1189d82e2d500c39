#!/bin/bash
# The bot of doc/examples: what it sends, when it stops, and what stops it. The chain and the bundler are
# a program on this machine that answers as script.json says.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"

bob=0x70997970C51812dc3A010C7d01b50e0d17dc79C8

want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 key create --token cold --label owner --pin-file pin --json
owner=$(jq -r .address out)
jq -n --arg bob $bob '[{type: "call", policyVersion: "0.0.4", permissions: [{target: $bob,
    valueLimit: "1000"}]}, {type: "rate-limit", count: 3, interval: 0}]' >policy.json
want 0 key create --token main --label bot --policy policy.json --pin-file pin
# approve CHAIN-ID
approve() {
    want 0 approve --token main --label bot --chain-id "$1" --kernel-version 0.3.1 --owner "$owner" \
        --owner-key "pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE" --owner-pin-file pin \
        --pin-file pin --json
}
approve 31337
want 0 key show --token main --label bot --json
id=$(jq -r .permissionId out)
signer=0x6a6f069e2a08c2468e7724ab3250cdbfba14d4ff # of secp256k1 keys, the published contract

serve 31337
jq '.["31337"] |= del(.paymaster)' "$VALETKEY_HOME/chains.json" >chains.json
# Of a receipt the bot reads what follows, whichever operation it asks for.
script eth_getUserOperationReceipt "$(jq -nc --arg tx "0x$(word 7)" '{result: {success: true,
    actualGasCost: "0x38d7ea4c68000", receipt: {transactionHash: $tx, blockNumber: "0x1b4"}}}')"
cp script.json start.json
# bot STATUS OPTION...: pays Bob 1000 wei, or what $pays says.
pays="$bob 1000"
bot() {
    local status=$1 got=0
    shift
    step="bot $*"
    rm -f calls
    # shellcheck disable=SC2086
    "${quick[@]}" "$VK_TEST_BUILDDIR/doc/examples/bot" "$@" main bot pin chains.json $pays >out 2>err \
        </dev/null || got=$?
    [ "$got" = "$status" ] || fail "exit status $got, not $status: $(cat out err)"
}

# ---- What stops it before it starts ----
bot 2 -x
bot 2 -n much
bot 1 -c 1
grep -q 'the key has 0 permissions to choose from' err || fail "$(cat err)"
script eth_chainId '{"result":"0x1"}'
bot 1
err <<<'bot: a server is on another chain than 31337'
cp start.json script.json

# ---- Its rounds ----
# The account is deployed by the first, which brings the approval along.
bot 0 -i 0 -n 1
grep -qx '0x[0-9a-f]\{64\}: paid, for 0.001 ether' out || fail "$(cat out)"
called eth_sendUserOperation 1
called eth_call:0xc3e58978 0
# The key's journal has the receipt, and of the bundler its host.
want 0 audit list --token main --label bot --json
json '[.records[-2:][].event]' '["signed","receipt"]'
json '.records[-1] | [.success, .transaction, .block, .bundler, (.operation | length)]' \
    "[true,\"0x$(word 7)\",436,\"127.0.0.1\",66]"
json '.records[-2].operation == .records[-1].operation' true
! grep -q secret-path out || fail "the bundler's key is in the journal"
# Two more: of the same nonce they are the same operation to the token, and to the chain.
installed 0 $signer
bot 0 -i 0 -n 2
same "$(wc -l <out)" 2 "the number of payments"
called eth_sendUserOperation 2
called eth_call:0xc3e58978 2

# ---- What stops it ----
script eth_estimateUserOperationGas '{"error":{"code":-32500,"message":"AA23 reverted 0x"}}'
bot 1
err <<<'bot: eth_estimateUserOperationGas: the server says: AA23 reverted 0x'
script eth_estimateUserOperationGas '{"result":{"preVerificationGas":"0x1","verificationGasLimit":"0x0","callGasLimit":"0x1"}}'
bot 1
err <<<'bot: the bundler does not say what verification costs'
called eth_estimateUserOperationGas 2
script eth_estimateUserOperationGas "$(jq -c .answers.eth_estimateUserOperationGas start.json)"
script eth_sendUserOperation '{"error":{"code":-32500,"message":"AA25 invalid account nonce"}}'
bot 1
err <<<'bot: the bundler does not take it: the server says: AA25 invalid account nonce'
# Without an answer it looks for the operation, and sends no other.
script eth_sendUserOperation '{"drop":true}'
bot 0 -n 1
grep -q '^bot: it is not known whether the bundler has 0x' err || fail "$(cat err)"
grep -q ': paid, ' out || fail "$(cat out)"
called eth_sendUserOperation 1
script eth_sendUserOperation '{"hash":true}'
# A lane of somebody else's.
script eth_call:0x35567e1a "{\"result\":\"$(nonce 01 0)\"}"
bot 1
err <<<'bot: the EntryPoint answers with no nonce of the lane'

# What the token refuses is not sent.
next_nonce 1
pays="$bob 1001"
bot 3 -i 0
grep -q '^bot: the token refuses: call: ' err || fail "$(cat err)"
called eth_sendUserOperation 0
pays="$bob 1000"

# ---- SIGTERM ----
next_nonce 1
step="bot and SIGTERM"
# shellcheck disable=SC2086
"${quick[@]}" "$VK_TEST_BUILDDIR/doc/examples/bot" -i 600 main bot pin chains.json $pays >out 2>err </dev/null &
running=$!
for _ in {1..300}; do grep -q paid out || sleep 0.1; done
kill "$running"
wait "$running" || fail "exit status $?: $(cat out err)"
same "$(wc -l <out)" 1 "the number of payments"

# ---- The budget is spent ----
next_nonce 2
bot 3 -i 0
err <<<'bot: the token says that nothing is left of the operations'
called eth_sendUserOperation 0
called eth_estimateUserOperationGas 0

# ---- Several permissions ----
pays="$bob 1000"
approve 10
bot 1
grep -q 'the key has 2 permissions to choose from' err || fail "$(cat err)"
bot 3 -c 31337
finish
