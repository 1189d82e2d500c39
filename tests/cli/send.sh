#!/bin/bash
# Operations on their way: built, priced, signed, kept, sent, followed. Node, bundler and paymaster are
# a program on this machine that answers as script.json says.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"
import_session

# ---- Whom to ask ----
want 1 send --label usdc
want 1 send --label usdc --resume 0x12
want 1 "${send[@]}" --resume "0x$(word 1)"
want 1 send --label usdc --call "$usdc,much"
want 1 send --label usdc --call "$usdc,0,0x1"
want 1 send --label usdc --call "$usdc,0,0x,0x"
want 5 "${send[@]}" --dry-run
err <<END
valetkey: nothing says through whom to send: there is no file $VALETKEY_HOME/chains.json
valetkey: write {"8453":{"node":{"url":"https://..."},"bundler":{"url":"https://..."}}} there, closed to others
END

serve 31337
chmod 644 "$VALETKEY_HOME/chains.json"
want 2 "${send[@]}" --dry-run
chmod 600 "$VALETKEY_HOME/chains.json"
cp "$VALETKEY_HOME/chains.json" other.json
want 0 "${send[@]}" --dry-run --chains other.json
echo '{"1":{"node":{"url":"https://node.example"}}}' >other.json
want 5 "${send[@]}" --dry-run --chains other.json
err <<<'valetkey: other.json says nothing of chain 31337'
script eth_chainId '{"result":"0x1"}'
want 8 "${send[@]}" --dry-run
err <<<'valetkey: http://127.0.0.1 is on chain 1, but the session is for chain 31337'
cp start.json script.json
script eth_supportedEntryPoints '{"result":["0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"]}'
want 8 "${send[@]}" --dry-run
err <<<'valetkey: http://127.0.0.1 does not bundle for EntryPoint 0.7'
cp start.json script.json

# ---- Before it is signed ----
# Without the account's code it is deployed, and the approval comes along.
rm -f calls
want 0 "${send[@]}" --dry-run
grep -q '  nonce          enable mode, permission ' out || fail "no enable mode"
grep -q '  factory ' out || fail "no factory"
called eth_sendUserOperation 0
want 0 "${send[@]}" --dry-run --json
json .wouldSign true
hash=$(jq -r .userOpHash out)
json '[.operation.userOp | .callGasLimit, .verificationGasLimit, .preVerificationGas, .maxFeePerGas]' \
    '["0x186a0","0xf4240","0xc350","0x3b9aca00"]'
json '.operation.userOp.signature' 0x

# What is refused costs no server a question of what it costs.
rm -f calls
want 3 send --label usdc --call "$steal" --dry-run
grep -q '^Refused: ' out || fail "no refusal"
want 3 send --label usdc --call "$steal" --pin-file pin
grep -q '^valetkey: refused: call: ' err || fail "no reason"
called eth_estimateUserOperationGas 0
called eth_sendUserOperation 0
want 0 audit list --json --label usdc
json '[.records[].event]' '["denied"]'

script eth_estimateUserOperationGas '{"error":{"code":-32500,"message":"AA23 reverted 0x"}}'
want 8 "${send[@]}" --pin-file pin
grep -q 'error -32500: AA23 reverted 0x' err || fail "the bundler's words are not passed on"
grep -q '^valetkey: AA23: ' err || fail "its code is not explained"
script eth_estimateUserOperationGas '{"result":{"preVerificationGas":"0x1","verificationGasLimit":"0x0","callGasLimit":"0x1"}}'
want 8 "${send[@]}" --pin-file pin
err <<<'valetkey: http://127.0.0.1 does not say what verification costs'
script eth_estimateUserOperationGas '{"result":{"preVerificationGas":"-1"}}'
want 8 "${send[@]}" --pin-file pin
cp start.json script.json
want 0 budget list --label usdc --pin-file pin --json
json '[.grants[].reservations[]] | length' 0

# ---- Included ----
receipt "$hash" "$(nonce 01 0)"
rm -f calls
want 0 "${send[@]}" --wait --pin-file pin
out <<END
Sent for the account $account on chain 31337: $hash
Done in block 436, for 0.001 ether: 0x$(word 7)
END
same "$(cat err)" '' "standard error"
called eth_sendUserOperation 1
kept
want 0 "${send[@]}" --wait --pin-file pin --json
first=$(cat out)
json '[.userOpHash, .included, .success, .block, .actualGasCost, .receiptTaken]' \
    "[\"$hash\",true,true,436,\"1000000000000000\",true]"

# The journal has the receipt, once, and the budget what it had: of the bundler the host, and no key.
want 0 audit list --label usdc --json
json '[.records[].event]' '["denied","signed","receipt","signed"]'
json '.records[2] | [.operation, .chainId, .account, .nonce, .success, .transaction, .block, .actualGasCost, .bundler]' \
    "[\"$hash\",31337,\"$account\",\"$(nonce 01 0 | sed s/^0x0*/0x/)\",true,\"0x$(word 7)\",436,\"1000000000000000\",\"127.0.0.1\"]"
json '.records[2] | [.rule, .before, .reason, .permissionId == "'"$id"'"]' '[null,null,null,true]'
want 0 audit list --label usdc
grep -q "^    done in block 436, for 0.001 ether, says 127.0.0.1: 0x$(word 7)\$" out || fail "$(cat out)"
want 0 audit verify --pin-file pin
want 0 audit export
same "$(jq -c 'select(.event == "receipt") | [.sequence, .block]' out)" '[3,436]' 'what is exported'
! grep -q secret-path out || fail "the bundler's key is in the journal"
want 0 budget list --label usdc --pin-file pin --json
json '[.grants[].reservations[] | .includedAt]' '[null]'

# What fails says why. A bundler that says something else by now is not believed either.
receipt "$hash" "$(nonce 01 0)" false
want 9 "${send[@]}" --wait --pin-file pin --json
json '[.included, .success, .receiptTaken]' '[true,false,false]'
err <<<"valetkey: the key's journal does not get the receipt: it has another receipt of this operation"
want 9 "${send[@]}" --wait --pin-file pin
grep -q '^Included, but its calls failed in block 436, ' out || fail "nobody knows that it failed"
kept
cp start.json script.json

# Two that wait for the same operation write one receipt.
receipts() {
    want 0 audit list --json --last 1000
    same "$(jq '[.records[] | select(.event == "receipt")] | length' out)" "$1" "the number of receipts"
}
receipts 1
again=$(transfer $payee 2000000)
want 0 send --label usdc --call "$again" --pin-file pin --json
hash=$(jq -r .userOpHash out)
rm -f calls
both=()
for i in 1 2; do
    "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" send --label usdc --resume "$hash" --wait --pin-file pin >out.$i 2>err.$i &
    both+=($!)
done
for _ in {1..300}; do [ "$(grep -cx eth_sendUserOperation calls 2>/dev/null)" = 2 ] || sleep 0.1; done
receipt "$hash" "$(nonce 01 0)" false "execution reverted: $(printf 'x%.0s' {1..500})"
for i in 1 2; do
    got=0
    wait "${both[i - 1]}" || got=$?
    same "$got" 9 "exit status of one of two: $(cat err.$i)"
    same "$(cat err.$i)" '' "standard error of one of two"
done
receipts 2
same "$(jq '.records | last(.[] | select(.event == "receipt")) | .reason | length' out)" 255 'the length of the reason'
want 0 audit list --label usdc
grep -q '^    included, but its calls failed, in block 436, ' out || fail "$(cat out)"
hash=$(jq -r .userOpHash <<<"$first")
cp start.json script.json

# ---- The bundler says no: nothing is under way ----
script eth_sendUserOperation '{"error":{"code":-32500,"message":"AA25 invalid account nonce"}}'
want 8 "${send[@]}" --pin-file pin
grep -q '^valetkey: AA25: ' err || fail "its code is not explained"
kept
# One that answers with another hash has another operation.
script eth_sendUserOperation "{\"result\":\"0x$(word 1)\"}"
want 8 "${send[@]}" --pin-file pin
cp start.json script.json
rm -f "$VALETKEY_HOME"/outbox/*

# ---- No answer comes ----
script eth_sendUserOperation '{"drop":true}'
rm -f calls
want 8 "${send[@]}" --pin-file pin
grep -q "valetkey send --label 'usdc' --resume $hash" err || fail "it is not said how to go on"
called eth_sendUserOperation 1
kept "$hash"
# Another operation with this nonce waits until that one is known.
want 2 send --label usdc --call "$pay" --call "$pay" --pin-file pin
grep -q "^valetkey: an operation with the same nonce may be on its way: $hash$" err || fail "$(cat err)"
# The same again is the same operation.
cp start.json script.json
rm -f calls
want 0 send --label usdc --resume "$hash"
called eth_sendUserOperation 1
# Who knows it gets it no second time.
rm -f calls
script eth_getUserOperationByHash "{\"result\":{\"userOperation\":{},\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\"}}"
want 8 send --label usdc --resume "$hash" --wait --timeout 1
grep -q 'it was not included within 1 seconds' err || fail "$(cat err)"
called eth_sendUserOperation 0
receipt "$hash" "$(nonce 01 0)"
# Without a PIN the journal gets no receipt, and the operation stays, so that it can get it.
want 0 send --label usdc --resume "$hash"
grep -q '^Done in block 436, ' out || fail "$(cat out)"
err <<END
valetkey: the key's journal does not get the receipt: this needs a login
valetkey: it will with "valetkey send --resume $hash" and the key's --label, with --pin-file FILE or --pin-fd N
END
kept "$hash"
want 4 send --label usdc --resume "$hash" --pin-file so-pin
want 0 send --label usdc --resume "$hash" --wait --pin-file pin --json
json '[.success, .receiptTaken]' '[true,true]'
called eth_sendUserOperation 0
kept
want 5 send --label usdc --resume "$hash"
receipts 2
cp start.json script.json

# An edited file is another operation.
script eth_sendUserOperation '{"drop":true}'
want 8 "${send[@]}" --pin-file pin
cp start.json script.json
sed -i 's/"callGasLimit":"0x186a0"/"callGasLimit":"0x186a1"/' "$VALETKEY_HOME/outbox/$hash.json"
rm -f calls
want 2 send --label usdc --resume "$hash"
grep -q 'holds another operation than its name says' err || fail "$(cat err)"
same "$(cat calls 2>/dev/null)" '' "what was asked"
rm -f "$VALETKEY_HOME"/outbox/*

# ---- A paymaster ----
paymaster=0x38aef040CEB057B62E1598F5C265946A4E4BaB4C
script pm_getPaymasterStubData "{\"result\":{\"paymaster\":\"$paymaster\",\"paymasterData\":\"0x0101\",
    \"paymasterVerificationGasLimit\":\"0xc350\",\"paymasterPostOpGasLimit\":\"0x1\"}}"
script pm_getPaymasterData "{\"result\":{\"paymaster\":\"$paymaster\",\"paymasterData\":\"0x0203\"}}"
rm -f calls
want 0 "${send[@]}" --paymaster --dry-run --json
json '[.operation.userOp | .paymasterData, .paymasterVerificationGasLimit, .paymasterPostOpGasLimit]' \
    '["0x0203","0xc350","0x1"]'
called pm_getPaymasterData 1
script pm_getPaymasterStubData '{"error":{"code":-32001,"message":"not sponsored"}}'
want 8 "${send[@]}" --paymaster --dry-run
grep -q 'the paymaster does not pay: .*not sponsored' err || fail "$(cat err)"

# ---- An operation of somebody else's ----
cp start.json script.json
want 0 "${send[@]}" --dry-run --json
jq .operation.userOp out >op.json
want 1 send --session usdc --userop op.json --paymaster
want 1 send --session usdc --userop op.json --call "$pay"
want 2 send --session usdc --userop nowhere --dry-run
jq '.sender = "0x0000000000000000000000000000000000000001"' op.json >foreign.json
want 5 send --session usdc --userop foreign.json --dry-run
rm -f calls
receipt "$hash" "$(nonce 01 0)"
want 0 send --session usdc --userop op.json --wait --pin-file pin --json
json '[.userOpHash, .success]' "[\"$hash\",true]"
called eth_estimateUserOperationGas 0
called eth_sendUserOperation 1
jq --arg data "$(jq -r .callData op.json | sed 's/000f4240/ffffffff/')" '.callData = $data' op.json >steal.json
want 3 send --session usdc --userop steal.json --pin-file pin

# ---- What the chain says of the account ----
cp start.json script.json
script eth_getBalance '{"result":"0xde0b6b3a7640000"}'
script eth_call:0x70a08231 "{\"result\":\"0x$(word 5)\"}"
want 0 session status --label usdc --json
json '[.sessions[0] | .deployed, .permission, .balance, .deposit, .currentNonce, .enableNonce, .budgets[0].onChain]' \
    '[false,"absent","1000000000000000000","5",1,1,null]'
want 0 session status --label usdc
grep -q '  permission     not installed: the first operation brings' out || fail "$(cat out)"
want 5 session status --label usdc --chain-id 1
owner=(--owner-key 'pkcs11:token=none' --owner-pin-file pin)
want 1 session revoke --label usdc
want 5 session revoke --label usdc "${owner[@]}"
grep -q 'the account is not deployed on chain 31337' err || fail "$(cat err)"

# Deployed, without the permission: its approval is good as long as the account's nonce is what it was.
script eth_getCode '{"result":"0x60"}'
script eth_call:0xadb610a3 "{\"result\":\"0x$(word 1)\"}"
script eth_call:0x90ef8862 "{\"result\":\"0x$(word 0)\"}"
script eth_call:0xb8afe17d "{\"result\":\"0x$(word 0)$(word 0)\"}"
script eth_call:0xc3e58978 "{\"result\":\"0x$(word 32)$(word 0)$(word 0)$(word 96)$(word 0)\"}"
want 0 "${send[@]}" --dry-run
grep -q '  nonce          enable mode, permission ' out || fail "no enable mode"
! grep -q '  factory ' out || fail "a factory"
script eth_call:0x35567e1a "{\"result\":\"$(printf '0x0000%040d%04x%016x' 0 0 0)\"}"
want 8 session revoke --label usdc --dry-run
script eth_call:0xadb610a3 "{\"result\":\"0x$(word 2)\"}"
want 3 "${send[@]}" --dry-run
grep -q 'is at 2 by now: the approval is good no more' err || fail "$(cat err)"
want 5 session revoke --label usdc "${owner[@]}"
grep -q 'its approval is good no more: there is nothing to revoke' err || fail "$(cat err)"
finish
