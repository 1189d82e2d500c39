#!/bin/bash
# The life of a thirdweb session: made and put on its chain, in one go or later; refused where the chain
# says that it is not there; ended; admins made and removed. Node, bundler and paymaster are a program on
# this machine that answers as script.json says.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
printf '%064x' 34 >admin.hex
want 0 key import --token cold --label admin --key-file admin.hex --pin-file pin --lint off
want 0 key create --token cold --label other --pin-file pin --lint off
want 0 key create --token cold --label pass --type p256 --rp-id a.example --pin-file pin --lint off
uri="pkcs11:token=cold;object=admin?module-path=$VALETKEY_MODULE"
admin=(--owner-key "$uri" --owner-pin-file pin)
other=(--owner-key "${uri/object=admin/object=other}" --owner-pin-file pin)
address() {
    want 0 key show --token "$1" --label "$2" --json
    address=$(jq -r .address out)
}
target=0x00000000000000000000000000000000000000aa
cat >tw.json <<EOP
[{"type":"thirdweb","approvedTargets":["$target"],
"nativeTokenLimitPerTransaction":"5","permissionStartTimestamp":1767225600,"permissionEndTimestamp":4070908800}]
EOP
echo '[{"type":"sudo"}]' >sudo.json
want 0 account create --token main --name tw --factory 0x86a2ee8faf9a840f7a2c64ca3d51209f9a02081d \
    --implementation 0x8c8e61e4705d1dbee6deadb39e67ac77650b0704 --entry-point 0.7 --owner-key "$uri" --pin-file pin --json
account=$(jq -r .account out)
factory_data=$(jq -r .factoryData out)
want 0 account create --token main --name kernel --kernel-version 0.3.1 --owner-key "$uri" --pin-file pin

yes="{\"result\":\"0x$(word 1)\"}"
no="{\"result\":\"0x$(word 0)\"}"
reverted='{"error":{"code":3,"message":"execution reverted"}}'
# deployed ADMIN...: the account is there, these are its admins, and the key $signer has nothing.
deployed() {
    local one
    cp start.json script.json
    script eth_getCode '{"result":"0x60"}'
    script eth_call:0x24d7806c "$no"
    script eth_call:0xf15d424e '{"result":"0x"}'
    for one; do exact "0x24d7806c$(padded "$one")" "$yes"; done
    script eth_call:0xe9523c97 "{\"result\":\"0x$(word 32)$(word $#)$(for one; do padded "$one"; done)\"}"
    script eth_call:0x7dff5a79 "$no"
    for one in "$boss" "$target" "$signer"; do permissions_of "$one" "$(word 0)$(word 0)$(word 0)$(word 0)"; done
}
# permissions_of SIGNER WORDS
permissions_of() {
    exact "0xf15d424e$(padded "$1")" "{\"result\":\"0x$(word 32)$(padded "$1")$(word 160)$2\"}"
}
# permissions TARGET [LIMIT [END]]: what the account gives the key $signer.
permissions() {
    script eth_call:0x7dff5a79 "$yes"
    permissions_of "$signer" \
        "$(word "${2:-5}")$(word 1767225600)$(word "${3:-4070908800}")$(word 1)$(padded "$1")"
}
# fate IS-GOOD SIGNER: of any request, and who signed it.
fate() { script eth_call:0xa9082d84 "{\"result\":\"0x$(word "$1")$(padded "$2")\"}"; }
# untouched: the key has signed nothing, and nothing was sent.
untouched() {
    called eth_sendUserOperation 0
    kept
}
keys() { want 0 key list --token main --json && jq -c '[.keys[].label]' out; }

# ---- Before anything is made ----
create=(session create --token main --label tw --chain-id 31337 --policy tw.json --lint off --pin-file pin)
want 1 "${create[@]}" --account tw "${admin[@]}" --wait
err <<<'valetkey: --wait is for a session that is put on its chain at once: --send'
want 1 "${create[@]}" --account tw --send
err <<<'valetkey: --send needs the key of an admin of the account: --owner-key URI'
want 1 "${create[@]}" --account tw "${admin[@]}" --send --output -
want 1 "${create[@]}" --account tw "${admin[@]}" --send --max-fee nonsense
want 1 "${create[@]}" --account tw "${admin[@]}" --send --max-cost nonsense
want 1 "${create[@]}" --account tw "${admin[@]}" --send --wait --timeout abc
grep -q -- '--timeout is ' err || fail "$(cat err)"
want 1 "${create[@]}" --account tw "${admin[@]}" --send --lane $((1 << 62))00000000000000000000000000000000000000000
grep -q -- '--lane is .* a number below 2^192, a name, or auto' err || fail "$(cat err)"
want 5 "${create[@]}" --account tw "${admin[@]}" --send
grep -q 'nothing says through whom to send' err || fail "$(cat err)"
serve 31337
jq '. + {"31338": {node: .["31337"].node}}' "$VALETKEY_HOME/chains.json" >chains.json
cp chains.json "$VALETKEY_HOME/chains.json"
want 5 "${create[@]/31337/31337,31338}" --account tw "${admin[@]}" --send
err <<<'valetkey: the chain file names no bundler for chain 31338'
want 5 "${create[@]/31337/1}" --account tw "${admin[@]}" --thirdweb
want 1 "${create[@]/tw.json/sudo.json}" --account kernel "${admin[@]}" --thirdweb
err <<<'valetkey: the account "kernel" is none of thirdweb'"'"'s'
want 1 "${create[@]/tw.json/sudo.json}" --account kernel "${admin[@]}" --send
grep -q 'comes along with the session.s first operation' err || fail "$(cat err)"
want 2 "${create[@]}" --account tw "${other[@]}" --send
same "$(keys)" '[]' "the keys"

# ---- The bundler fails when the key is made: it stays, with its grant ----
script eth_sendUserOperation '{"error":{"code":-32500,"message":"AA13 initCode failed or OOG"}}'
rm -f calls
want 8 "${create[@]}" --account tw "${admin[@]}" --thirdweb --wait
grep -q '^valetkey: the session "tw" was made and is kept, but is not known to be on chain 31337 ("valetkey session install" puts it there): the bundler does not take it: .*AA13' err ||
    fail "$(cat err)"
grep -q '^valetkey: AA13: ' err || fail "its code is not explained"
kept
same "$(keys)" '["tw"]' "the keys"
address main tw
signer=$address
want 0 session list --token main --json
json '[.sessions[] | [.label, .kind, .chainId]]' '[["tw","thirdweb",31337]]'
session=(--token main --label tw)
address cold admin
boss=$address
cp start.json script.json

# Not there yet: nothing is signed.
rm -f calls
want 5 send "${session[@]}" --call "$target,1" --pin-file pin
grep -q 'is not deployed on chain 31337, so the session is not there yet' err || fail "$(cat err)"
grep -q 'valetkey session install --label tw --chain-id 31337' err || fail "it is not said what to do"
untouched

# ---- Put there later ----
want 0 session install "${session[@]}" --dry-run --json
hash=$(jq -r .userOpHash out)
json '[.operation.userOp | .factory, .factoryData, .callData[0:10], .signature]' \
    "[\"0x86A2EE8FAf9A840F7a2c64CA3d51209F9A02081D\",\"$factory_data\",\"0xb61d27f6\",\"0x\"]"
same "$(jq -r '.operation.userOp.callData[10:74]' out)" "$(padded "$account")" "whom the account calls"
json '.operation.userOp.callData | contains("5892e236")' true
want 0 session install "${session[@]}" --dry-run --account tw --json
json .userOpHash "$hash"
want 5 session install "${session[@]}" --dry-run --account nobody
want 1 session install --token main
want 2 session install "${session[@]}" --owner-key "${uri/object=admin/object=pass}" --owner-pin-file pin
grep -q 'is P-256' err || fail "$(cat err)"
rm -f calls
want 3 session install "${session[@]}" "${other[@]}"
grep -q 'whose key --owner-key is, is no admin of the account on chain 31337' err || fail "$(cat err)"
untouched
receipt "$hash" 0x0
want 0 session install "${session[@]}" "${admin[@]}" --wait
out <<END
Sent for the account $account on chain 31337: $hash
Done in block 436, for 0.001 ether: 0x$(word 7)
END
called eth_sendUserOperation 1
receipt "$hash" 0x0 false 0x08c379a0
want 9 session install "${session[@]}" "${admin[@]}" --wait --json
json '[.included, .success]' '[true,false]'

# ---- No answer comes ----
cp start.json script.json
script eth_sendUserOperation '{"drop":true}'
want 8 session install "${session[@]}" "${admin[@]}"
grep -q "valetkey send --resume $hash" err || fail "it is not said how to go on"
kept "$hash"
cp start.json script.json
# The same again is the same operation; another one would wait.
want 0 session install "${session[@]}" "${admin[@]}" --json
json .userOpHash "$hash"
rm -f calls
want 0 send --resume "$hash"
called eth_sendUserOperation 1
on=(--token main --chain-id 31337 --account tw)
want 2 thirdweb add-admin "${on[@]}" --signer "$target" "${admin[@]}"
grep -q "an operation with the same nonce may be on its way: $hash" err || fail "$(cat err)"
receipt "$hash" 0x0
rm -f calls
want 0 send --resume "$hash" --wait --json
json '[.userOpHash, .success]' "[\"$hash\",true]"
called eth_sendUserOperation 0
kept
want 5 send --resume "$hash"

# ---- Made and sent in one go ----
cp start.json script.json
rm -f calls
want 0 "${create[@]/%tw/one}" --account tw "${admin[@]}" --send --json
json '[.label, (.sessions | length), (.operations | length), .operations[0].account, .operations[0].chainId]' \
    "[\"one\",1,1,\"$account\",31337]"
called eth_sendUserOperation 1
rm -f "$VALETKEY_HOME"/outbox/*

# Of several chains the first that fails ends it, and the others are named.
jq '."31338" = ."31337" | ."31339" = ."31337"' "$VALETKEY_HOME/chains.json" >three.json
three=("${create[@]/%tw/three}" --account tw --chains three.json "${admin[@]}" --send)
want 8 "${three[@]/%31337/31338,31337,31339}"
grep -q 'is not known to be on chain 31338 .*is on chain 31337, ' err || fail "$(cat err)"
grep -q '^valetkey: on chains 31337 and 31339 it was not tried$' err || fail "$(cat err)"

# ---- A key on another token than the account ----
want 0 token init --label bots --so-pin-file so-pin --pin-file pin
script eth_sendUserOperation '{"error":{"code":-32500,"message":"AA13 initCode failed or OOG"}}'
want 8 "${create[@]/main/bots}" --account tw --account-token main "${admin[@]}" --send
grep -q '("valetkey session install --account-token main" puts it there)' err || fail "$(cat err)"
want 5 session install --token bots --label tw --owner-key "$uri" --dry-run
want 0 session install --token bots --label tw --owner-key "$uri" --account-token main --dry-run --json
json .operation.userOp.factoryData "$factory_data"
want 0 thirdweb add-admin --token bots --account-token main "${on[@]:2}" --signer "$target" --owner-key "$uri" --dry-run
want 1 thirdweb add-admin --token bots --account-token main "${on[@]:2:3}" "$account" --signer "$target" --so-pin-file so-pin

# ---- The account is there ----
# Of another admin than the one whose key it is.
deployed "$target"
fate 1 "$boss"
rm -f calls
want 3 session install "${session[@]}" "${admin[@]}"
grep -q 'is no admin of the account' err || fail "$(cat err)"
deployed "$boss"
fate 0 "$boss"
want 3 session install "${session[@]}" "${admin[@]}"
err <<END
valetkey: the request was carried out on chain 31337 before, and cannot be again
valetkey: have an admin sign a new one
END
fate 0 "$target"
want 3 session install "${session[@]}" "${admin[@]}"
err <<<'valetkey: who signed the request is no admin of the account on chain 31337'
script eth_call:0xa9082d84 "$reverted"
want 3 session install "${session[@]}" "${admin[@]}"
grep -q 'does not know setPermissionsForSigner' err || fail "$(cat err)"
script eth_call:0xa9082d84 '{"result":"0x"}'
want 8 session install "${session[@]}" "${admin[@]}"
grep -q 'says what no account of thirdweb says' err || fail "$(cat err)"
permissions "$target"
want 0 session install "${session[@]}" "${admin[@]}" --json
json '[.account, .chainId, .sent]' "[\"$account\",31337,false]"
deployed "$boss" "$signer"
want 3 session install "${session[@]}" "${admin[@]}"
grep -q 'the key is an admin of the account' err || fail "$(cat err)"
untouched
# The account refuses: the bundler says so when it is asked for the gas.
deployed "$boss"
fate 1 "$boss"
script eth_estimateUserOperationGas '{"error":{"code":-32521,"message":"execution reverted: !period"}}'
want 8 session install "${session[@]}" "${admin[@]}"
grep -q 'the bundler cannot estimate the gas: .*!period' err || fail "$(cat err)"
untouched

# ---- What the chain says, before anything is signed ----
deployed "$boss"
fate 1 "$boss"
want 5 send "${session[@]}" --call "$target,1" --pin-file pin
grep -q 'the session that the admin approved is not on chain 31337 yet' err || fail "$(cat err)"
fate 0 "$boss"
want 3 send "${session[@]}" --call "$target,1" --pin-file pin
grep -q 'the account has no session of the key on chain 31337' err || fail "$(cat err)"
want 3 send "${session[@]}" --call "$target,1" --dry-run
permissions "$account"
want 3 send "${session[@]}" --call "$target,1" --pin-file pin
grep -q 'the account would not take it from the key on chain 31337: .*is not an approved target' err || fail "$(cat err)"
permissions "$target" 0
want 3 send "${session[@]}" --call "$target,1" --pin-file pin
permissions "$target" 5 1767225601
want 3 send "${session[@]}" --call "$target,1" --pin-file pin
grep -q 'is after the session' err || fail "$(cat err)"
untouched
want 0 audit list --token main --json --label tw
json '.records | length' 0
permissions "$target"
want 0 send "${session[@]}" --call "$target,1" --dry-run
# The key's own policy comes first.
want 3 send "${session[@]}" --call "$target,6" --pin-file pin
grep -q '^valetkey: refused: limit: ' err || fail "$(cat err)"

# ---- The state ----
# status STATE: as JSON, and as text.
status() {
    script eth_getBalance '{"result":"0xde0b6b3a7640000"}'
    script eth_call:0x70a08231 "{\"result\":\"0x$(word 5)\"}"
    want 0 session status "${session[@]}" --json
    json '.sessions[0] | [.permission, .active, .admin, .onChain.asPolicy, .onChain.nativeTokenLimitPerTransaction]' "$1"
    want 0 session status "${session[@]}"
}
cp start.json script.json
status '["pending",false,false,null,null]'
grep -q 'valetkey session install. carries out' out || fail "$(cat out)"
deployed "$boss"
permissions "$target"
status '["installed",true,false,true,"5"]'
grep -q '  on the chain   1 target, at most 5 wei a call, from 2026-01-01T00:00:00Z until 2099-01-01T00:00:00Z$' out ||
    fail "$(cat out)"
grep -q 'which is the key.s policy' out || fail "$(cat out)"
permissions "$target" 4
status '["installed",true,false,false,"4"]'
grep -q 'which is not the key.s policy' out || fail "$(cat out)"
script eth_call:0x7dff5a79 "$no"
status '["closed",false,false,false,"4"]'
deployed "$boss"
fate 1 "$boss"
status '["pending",false,false,null,null]'
fate 0 "$target"
status '["absent",false,false,null,null]'
deployed "$boss" "$signer"
fate 0 "$boss"
status '["revoked",false,true,null,null]'
grep -q 'the key is an admin' out || fail "$(cat out)"

# ---- Ended ----
cp start.json script.json
rm -f calls
want 5 session revoke "${session[@]}" "${admin[@]}"
grep -q 'is not deployed on chain 31337, so there is nothing to revoke yet' err || fail "$(cat err)"
deployed "$boss"
fate 0 "$boss"
want 5 session revoke "${session[@]}" "${admin[@]}"
grep -q 'there is nothing to revoke' err || fail "$(cat err)"
permissions "$target"
want 0 session revoke "${session[@]}" --dry-run --json
json '[.account, .deployed, .usesUp, .typedData.primaryType]' "[\"$account\",true,false,\"SignerPermissionRequest\"]"
json '.request | [.isAdmin, .approvedTargets, .permissionEndTimestamp]' '[0,[],"0"]'
want 3 session revoke "${session[@]}" "${other[@]}"
grep -q 'is no admin of the account' err || fail "$(cat err)"
deployed "$boss" "$signer"
fate 0 "$boss"
want 3 session revoke "${session[@]}" "${admin[@]}"
grep -q 'thirdweb remove-admin. comes first' err || fail "$(cat err)"
untouched
deployed "$boss"
fate 0 "$boss"
permissions "$target"
want 0 session revoke "${session[@]}" "${admin[@]}" --json
json '[.chainId, .account]' "[31337,\"$account\"]"
# sends: the calls of the operation that waits to be included, each by its function.
sends() {
    same "$(jq -r '.userOp.callData' "$VALETKEY_HOME"/outbox/*.json | grep -o '^0x47e1da2a\|^0xb61d27f6\|5892e236' | paste -sd ,)" \
        "$1" "what the account calls"
    rm -f "$VALETKEY_HOME"/outbox/*
}
sends 0xb61d27f6,5892e236
# What was approved and not carried out is used up first.
deployed "$boss"
fate 1 "$boss"
want 0 session revoke "${session[@]}" --dry-run --json
json .usesUp true
want 0 session revoke "${session[@]}" --dry-run
head -n 1 out | grep -qx 'An admin would sign this request, and the operation that carries out first the one that is pending, and then this:' ||
    fail "$(cat out)"
want 0 session revoke "${session[@]}" "${admin[@]}"
sends 0x47e1da2a,5892e236,5892e236

# ---- A request for later ----
# Nobody can use it up now, so it is said, and revoking what is there is no success.
want 0 key create --token main --label early --policy tw.json --pin-file pin --lint off
approve=(approve --token main --label early --chain-id 31337 --entry-point 0.7 --account "$account" --owner "$boss"
    --pin-file pin --lint off)
want 0 "${approve[@]}" --output request.json
jq '.reqValidityStartTimestamp = "4000000000" | .reqValidityEndTimestamp = "4070908800"' request.json >early.json
want 0 "${approve[@]}" --request early.json "${admin[@]}"
late=$signer
session=("${session[@]/%tw/early}")
address main early
signer=$address
deployed "$boss"
fate 1 "$boss"
status '["early",false,false,null,null]'
grep -qx '  session        not set, and the admin.s request cannot set it before 2096-10-02T07:06:40Z' out || fail "$(cat out)"
rm -f calls
want 3 session revoke "${session[@]}" "${admin[@]}"
err <<'END'
valetkey: the account has no session of the signer on chain 31337 yet, but whoever has the admin's request can set it from 2096-10-02T07:06:40Z on, and the account lets nobody use that up before
valetkey: revoke it then, or have the admin removed who signed it ("valetkey thirdweb remove-admin"); "valetkey key remove" takes the key away
END
untouched
permissions "$target"
want 3 session revoke "${session[@]}" "${admin[@]}" --json
grep -q '^valetkey: warning: this ends the session that is there, but .* from 2096-10-02T07:06:40Z on: ' err || fail "$(cat err)"
json .account "$account"
sends 0xb61d27f6,5892e236
fate 0 "$boss"
want 0 session revoke "${session[@]}" "${admin[@]}"
err </dev/null
rm -f "$VALETKEY_HOME"/outbox/*
session=("${session[@]/%early/tw}")
signer=$late

# ---- Admins ----
want 1 thirdweb add-admin "${on[@]}" --signer "$target" --so-pin-file so-pin --wait
err <<<'valetkey: --wait is for a request that is sent: give the admin'"'"'s --owner-key URI'
want 1 thirdweb add-admin "${on[@]/tw/$account}" --signer "$target" --so-pin-file so-pin --max-fee 1gwei
err <<<'valetkey: --max-fee is for a request that is sent: give the admin'"'"'s --owner-key URI'
want 1 thirdweb remove-session "${on[@]/tw/$account}" --label tw --so-pin-file so-pin --max-cost nonsense
want 1 thirdweb add-admin "${on[@]}" --signer "$target" "${admin[@]}" --output request.json
want 1 thirdweb add-admin "${on[@]}" "${admin[@]}"
want 2 thirdweb add-admin "${on[@]/tw/kernel}" --signer "$target" "${admin[@]}"
err <<<'valetkey: the account "kernel" is none of thirdweb'"'"'s'
want 5 thirdweb add-admin "${on[@]/tw/$target}" --signer "$target" "${admin[@]}"
rm -f calls
deployed "$boss"
want 3 thirdweb add-admin "${on[@]}" --signer "$target" "${other[@]}"
want 5 thirdweb remove-admin "${on[@]}" --signer "$target" "${admin[@]}"
want 3 thirdweb remove-admin "${on[@]}" --signer "$boss" "${admin[@]}"
grep -q "is the account's only admin" err || fail "$(cat err)"
want 2 thirdweb add-admin "${on[@]}" --signer "$boss" "${admin[@]}"
want 4 thirdweb add-admin "${on[@]/tw/$account}" --signer "$target" --dry-run
want 0 thirdweb add-admin "${on[@]/tw/$account}" --signer "$target" --dry-run --so-pin-file so-pin
want 0 thirdweb add-admin "${on[@]}" --signer "$target" --owner-key "$uri" --dry-run --json
json '.request | [.signer, .isAdmin]' '["0x00000000000000000000000000000000000000AA",1]'
end=$(jq -r .request.reqValidityEndTimestamp out)
[ $((end - $(date +%s))) -le 3600 ] || fail "the request is good until $end"
cp start.json script.json
want 2 thirdweb add-admin "${on[@]}" --signer "$boss" "${admin[@]}"
want 3 thirdweb remove-admin "${on[@]}" --signer "$boss" "${admin[@]}"
want 5 thirdweb remove-admin "${on[@]}" --signer "$target" "${admin[@]}"
untouched
# What goes wrong behind the request's signature leaves the request.
until_then="and is good until 20..-..-..T..:..:..Z; try again later, or allow more with --max-fee AMOUNT and --max-cost AMOUNT"
want 8 thirdweb add-admin "${on[@]}" --signer "$target" "${admin[@]}" --max-cost 1wei
grep -qx "valetkey: the operation was not signed; the request was, $until_then" err || fail "$(cat err)"
called eth_estimateUserOperationGas 1
want 8 session install "${session[@]}" "${admin[@]}" --max-fee 1wei
grep -q '^valetkey: the operation was not signed; the request was, ' err || fail "$(cat err)"
# The fees are known before.
rm -f calls
want 8 thirdweb add-admin "${on[@]}" --signer "$target" "${admin[@]}" --max-fee 1wei
grep -q '^valetkey: nothing was signed; ' err || fail "$(cat err)"
called eth_estimateUserOperationGas 0
untouched
# An account that is not there yet may be deployed so.
want 0 thirdweb add-admin "${on[@]}" --signer "$target" "${admin[@]}" --json
same "$(jq -r .userOp.factoryData "$VALETKEY_HOME"/outbox/*.json)" "$factory_data" "the factory data"
sends 0xb61d27f6,5892e236
deployed "$boss" "$target"
want 0 thirdweb remove-admin "${on[@]}" --signer "$target" "${admin[@]}"
sends 0xb61d27f6,5892e236
want 5 thirdweb remove-session "${on[@]}" --label tw "${admin[@]}"
permissions "$target"
want 0 thirdweb remove-session "${on[@]}" --label tw "${admin[@]}"
sends 0xb61d27f6,5892e236

# ---- A request that was signed elsewhere ----
deployed "$boss" "$target"
fate 1 "$boss"
want 0 thirdweb add-admin "${on[@]/tw/$account}" --signer "$signer" --so-pin-file so-pin --output request.json --json
call=(thirdweb call "${on[@]}" --request request.json --owner "$boss" --signature)
# signed FILE: the admin's signature of the request, from a wallet.
signed() {
    jq -cn --slurpfile request "$1" --arg account "$account" --arg key "0x$(cat admin.hex)" \
        '{id: 1, kind: "thirdweb", in: {abi_version: "isAdmin", chainId: "31337", account: $account,
        adminPrivateKey: $key, request: $request[0]}}' | "$VK_TEST_BUILDDIR/valetkey" batch | jq -r .out.signature
}
signature=$(signed request.json)
want 2 "${call[@]}" "0x$(word 1)$(word 1)1b" "${admin[@]}"
want 0 "${call[@]}" "$signature" --dry-run --json
json '.operation.userOp.callData[0:10]' 0xb61d27f6
want 0 "${call[@]}" "$signature" "${admin[@]}"
sends 0xb61d27f6,5892e236
jq '.reqValidityEndTimestamp = "1767225600"' request.json >old.json
want 2 "${call[@]/request.json/old.json}" "$signature" "${admin[@]}"
rm -f calls
want 3 "${call[@]/request.json/old.json}" "$(signed old.json)" "${admin[@]}"
err <<END
valetkey: the request can be carried out until 2026-01-01T00:00:00Z only
valetkey: have an admin sign a new one
END
untouched
finish
