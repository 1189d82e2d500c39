#!/bin/bash
# What an operation may cost: the user's caps, and a paymaster that asks for more than before.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"
import_session
serve 31337
chains=$VALETKEY_HOME/chains.json
cp "$chains" plain.json
# 1150000 gas at 1 gwei.
reserved() {
    want 0 budget list --label usdc --pin-file pin --json
    json '[.grants[].reservations[]] | length' "$1"
}
hint='valetkey: nothing was signed; try again later, or allow more with --max-fee AMOUNT and --max-cost AMOUNT'

# ---- Caps of the command line ----
want 1 "${send[@]}" --dry-run --max-fee much
err <<'END'
valetkey: --max-fee is "much", but must be an amount like 4000000000000000, 0.004ether or 25gwei
END
want 1 "${send[@]}" --dry-run --max-cost 1.5
want 1 send --label usdc --resume "0x$(word 1)" --max-cost 1ether
rm -f calls
want 8 "${send[@]}" --pin-file pin --max-fee 0.999999999gwei
err <<END
valetkey: the bundler http://127.0.0.1 asks for 1 gwei a gas, more than the 0.999999999 gwei of --max-fee
$hint
END
called eth_estimateUserOperationGas 0
want 8 "${send[@]}" --pin-file pin --max-cost 1149999gwei
err <<END
valetkey: the bundler http://127.0.0.1 asks for gas that may cost 0.00115 ether (1150000 gas at 1 gwei) in all, more than the 0.001149999 ether of --max-cost
$hint
END
want 8 "${send[@]}" --dry-run --json --max-cost 1
json .error.exitStatus 8
called eth_sendUserOperation 0
reserved 0
want 0 "${send[@]}" --dry-run --max-fee 1gwei --max-cost 0.00115ether
want 0 "${send[@]}" --dry-run --max-fee 1000000000 --max-cost 1150000000000000

# Who tells the fees is who asks.
script pimlico_getUserOperationGasPrice '{"error":{"code":-32601,"message":"Method not found"}}'
script eth_feeHistory '{"result":{"oldestBlock":"0x1","baseFeePerGas":["0x3b9aca00","0x3b9aca00"],"gasUsedRatio":[0.5],"reward":[["0x1"]]}}'
want 8 "${send[@]}" --dry-run --max-fee 2gwei
grep -q '^valetkey: the node http://127.0.0.1 asks for 2.000000001 gwei a gas, ' err || fail "$(cat err)"
cp start.json script.json
# Amounts that no sum of 256 bits holds.
script eth_estimateUserOperationGas "$(jq -nc --arg much "0x$(printf 'f%.0s' {1..32})" '{result: {
    preVerificationGas: "0xc350", verificationGasLimit: $much, callGasLimit: $much}}')"
script pimlico_getUserOperationGasPrice "$(jq -nc --arg much "0x$(printf 'f%.0s' {1..32})" '{result: {standard: {
    maxFeePerGas: $much, maxPriorityFeePerGas: "0x1"}}}')"
want 8 "${send[@]}" --dry-run --max-cost 1ether
grep -q 'asks for gas that may cost what does not fit 256 bits in all, more than the 1 ether of --max-cost' err ||
    fail "$(cat err)"
cp start.json script.json

# ---- Caps of the chain file ----
caps() {
    jq --arg fee "$1" --arg cost "$2" '.["31337"] += {maxFeePerGas: $fee, maxCost: $cost}' plain.json >"$chains"
}
caps 0.5gwei 1ether
want 8 "${send[@]}" --pin-file pin
grep -qF 'asks for 1 gwei a gas, more than the 0.5 gwei of "maxFeePerGas" in the chain file' err || fail "$(cat err)"
caps 2gwei 0.001ether
want 8 "${send[@]}" --pin-file pin
grep -qF 'more than the 0.001 ether of "maxCost" in the chain file' err || fail "$(cat err)"
want 0 "${send[@]}" --dry-run --max-cost 0.002ether
caps 2gwei 0.002ether
want 0 "${send[@]}" --dry-run
want 8 "${send[@]}" --dry-run --max-fee 1
caps 2gwei '0.002 eth'
want 2 "${send[@]}" --dry-run
grep -qF '31337.maxCost' err || fail "$(cat err)"
# The owner's operations as well.
want 1 session revoke --label usdc --dry-run --max-fee x
# Somebody else's operation is sent as it is, or not at all.
caps 2gwei 0.002ether
want 0 "${send[@]}" --dry-run --json
jq .operation.userOp out >op.json
want 0 send --session usdc --userop op.json --dry-run
jq '.maxFeePerGas = "0x77359401"' op.json >dear.json
want 2 send --session usdc --userop dear.json --pin-file pin
grep -qF 'the operation asks for 2.000000001 gwei a gas, more than the 2 gwei of "maxFeePerGas"' err || fail "$(cat err)"
reserved 0
cp plain.json "$chains"

# ---- A paymaster that asks for more ----
a=0x38aef040CEB057B62E1598F5C265946A4E4BaB4C b=0x1111111111111111111111111111111111111111
sponsor() {
    jq -nc --arg paymaster "$1" --arg data "$2" --arg verify "$3" --arg post "$4" '{result: {
        paymaster: $paymaster, paymasterData: $data, paymasterVerificationGasLimit: $verify,
        paymasterPostOpGasLimit: $post}}'
}
script pm_getPaymasterStubData "$(sponsor $a 0x0102 0xc350 0x1)"
script pm_getPaymasterData "$(sponsor $a 0x0304 0xc350 0x1)"
cp script.json sponsored.json
want 0 "${send[@]}" --paymaster --dry-run
err </dev/null

# Higher limits are what is signed, and what is told.
script pm_getPaymasterData "$(sponsor $a 0x0304 0xc351 0x3e8)"
rm -f calls
want 0 "${send[@]}" --paymaster --dry-run --json
json '[.operation.userOp | .paymasterData, .paymasterVerificationGasLimit, .paymasterPostOpGasLimit]' \
    '["0x0304","0xc351","0x3e8"]'
json .maxCost 1201001000000000
err <<'END'
valetkey: warning: the paymaster http://127.0.0.1 asks for more than before: paymasterVerificationGasLimit 50001, after 50000
valetkey: warning: the paymaster http://127.0.0.1 asks for more than before: paymasterPostOpGasLimit 1000, after 1
END
called pm_getPaymasterData 1
want 8 "${send[@]}" --paymaster --pin-file pin --max-cost 1200001gwei
grep -qF 'the paymaster http://127.0.0.1 asks for gas that may cost 0.001201001 ether (1201001 gas at 1 gwei) in all' err ||
    fail "$(cat err)"
# Also what was there from the beginning counts.
script pm_getPaymasterStubData "$(sponsor $a 0x0102 0xffffff 0x1)"
rm -f calls
want 8 "${send[@]}" --paymaster --pin-file pin --max-cost 0.01ether
grep -q 'the paymaster http://127.0.0.1 asks for gas that may cost 0.016' err || fail "$(cat err)"
called eth_estimateUserOperationGas 0
reserved 0
cp sponsored.json script.json

# Other fees, or other gas of the account, are not for it to say: that would be another operation.
for member in maxFeePerGas maxPriorityFeePerGas callGasLimit verificationGasLimit preVerificationGas; do
    script pm_getPaymasterData "$(sponsor $a 0x0304 0xc350 0x1 | jq -c ".result.$member = \"0xffffffff\"")"
    want 8 "${send[@]}" --paymaster --pin-file pin
    grep -q "the paymaster does not pay: .*http://127.0.0.1.* it wants another $member than the operation has" err ||
        fail "$(cat err)"
done
script pm_getPaymasterData "$(sponsor $a 0x0304 0xc350 0x1 |
    jq -c '.result += {maxFeePerGas: "0x3b9aca00", callGasLimit: "0x186a0"}')"
want 0 "${send[@]}" --paymaster --dry-run
reserved 0

# Another contract than the gas was estimated with, or longer data: estimated again, asked again.
script pm_getPaymasterData "$(sponsor $b 0x0304 0xc350 0x1)"
rm -f calls
want 0 "${send[@]}" --paymaster --dry-run --json
json .operation.userOp.paymaster $b
err <<END
valetkey: warning: the paymaster http://127.0.0.1 lets another contract pay than before: $b, after $a
END
called eth_estimateUserOperationGas 2
called pm_getPaymasterData 2
long=0x$(printf '05%.0s' {1..2000})
script pm_getPaymasterData "$(sponsor $a "$long" 0xc350 0x1)"
dear='{"result":{"preVerificationGas":"0x989680","verificationGasLimit":"0xf4240","callGasLimit":"0x186a0"}}'
cheap='{"result":{"preVerificationGas":"0xc350","verificationGasLimit":"0xf4240","callGasLimit":"0x186a0"}}'
script eth_estimateUserOperationGas "{\"turns\":[$cheap,{\"result\":{\"preVerificationGas\":\"0x11170\",\"verificationGasLimit\":\"0xf4240\",\"callGasLimit\":\"0x186a0\"}}]}"
rm -f calls
want 0 "${send[@]}" --paymaster --dry-run --json
json '.operation.userOp | .paymasterData | length' 4002
json .operation.userOp.preVerificationGas 0x11170
err <<'END'
valetkey: warning: the paymaster http://127.0.0.1 comes with more data than before: 2000 bytes, after 2
END
called eth_estimateUserOperationGas 2
called pm_getPaymasterData 2

# What the second estimate says is judged: the budget of the policy is 0.01 ether.
script eth_estimateUserOperationGas "{\"turns\":[$cheap,$dear]}"
rm -f calls
want 3 "${send[@]}" --paymaster --pin-file pin
grep -q 'refused: gas: gas may cost 0.0111 ether, over the remaining budget of 0.01 ether' err || fail "$(cat err)"
called eth_sendUserOperation 0
reserved 0
rm -f calls
want 8 "${send[@]}" --paymaster --pin-file pin --max-cost 0.01ether
grep -q 'the bundler http://127.0.0.1 asks for gas that may cost 0.01115' err || fail "$(cat err)"

# One that never says the same thing is given up.
cp sponsored.json script.json
script pm_getPaymasterData "{\"turns\":[$(sponsor $b 0x0304 0xc350 0x1),$(sponsor $a 0x0304 0xc350 0x1),$(sponsor $b 0x0304 0xc350 0x1)]}"
rm -f calls
want 8 "${send[@]}" --paymaster --pin-file pin
grep -q 'the paymaster http://127.0.0.1 says something else each time that it is asked, .*: nothing was signed$' err ||
    fail "$(cat err)"
called eth_sendUserOperation 0
reserved 0

# What is sent is what was signed, and what it may cost is reserved.
cp sponsored.json script.json
script pm_getPaymasterData "$(sponsor $a 0x0304 0xc351 0x3e8)"
want 0 "${send[@]}" --paymaster --pin-file pin --json
hash=$(jq -r .userOpHash out)
json_file=$VALETKEY_HOME/outbox/$hash.json
same "$(jq -r '.userOp | [.paymasterVerificationGasLimit, .paymasterPostOpGasLimit] | join(" ")' "$json_file")" \
    '0xc351 0x3e8' "what was signed"
reserved 1
rm "$json_file"

# ---- A policy that demands a paymaster ----
printf '%s\n' "[{\"type\":\"gas\",\"allowed\":\"10000000000000000\",\"enforcePaymaster\":true,\"allowedPaymaster\":\"$a\"}]" >demands.json
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
owner=$(session .owner.address)
want 0 key create --token main --label demands --policy demands.json --pin-file pin --lint off
want 0 approve --token main --label demands --chain-id 31337 --kernel-version 0.3.1 --owner "$owner" \
    --owner-key "pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE" --owner-pin-file pin --pin-file pin --lint off --json
account=$(jq -r .account out)
want 0 key show --token main --label demands --json
id=$(jq -r .permissionId out)
cp sponsored.json script.json
paid=(send --token main --label demands --call "$usdc,0,0x")
want 3 "${paid[@]}" --dry-run
grep -q '^Refused: there is no paymaster, but the rule demands' out || fail "$(cat out)"
want 0 "${paid[@]}" --paymaster --dry-run
want 0 "${paid[@]}" --paymaster --pin-file pin --json
rm -f "$VALETKEY_HOME"/outbox/*
# Its service lets another pay than it said first: the token says no.
script pm_getPaymasterData "$(sponsor $b 0x0304 0xc350 0x1)"
want 3 "${paid[@]}" --paymaster --pin-file pin
grep -q "refused: gas: paymaster $b is not the allowed $a" err || fail "$(cat err)"
grep -q "warning: the paymaster http://127.0.0.1 lets another contract pay than before: $b, after $a" err ||
    fail "$(cat err)"
want 3 "${paid[@]}" --paymaster --dry-run
kept
finish
