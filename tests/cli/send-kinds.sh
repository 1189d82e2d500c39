#!/bin/bash
# Sending under grants that are no permission's: of owners, of plug-ins, of thirdweb's signers. Each while
# the account is not deployed, where its grant says how, and afterwards.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/pairing.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
payments
secret 12 >key.hex
secret 34 >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin --json
owner=$(jq -r .address out)
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
main=(--token main --pin-file pin)
to=0x00000000000000000000000000000000000000aa
v6=0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789 v7=$entry_point
serve 31337
# What an account without code is asked is the same before each kind.
cheap='{"result":{"preVerificationGas":"0x1","verificationGasLimit":"0x2","callGasLimit":"0x3"}}'
script eth_estimateUserOperationGas "$cheap"
script pimlico_getUserOperationGasPrice \
    '{"result":{"standard":{"maxFeePerGas":"0x1","maxPriorityFeePerGas":"0x1"}}}'

# on VERSION: the EntryPoint of the chain from now on, 0.6 or 0.7, and no account there.
on() {
    entry_point=$v7
    [ "$1" != 0.6 ] || entry_point=$v6
    script eth_supportedEntryPoints "{\"result\":[\"$entry_point\"]}"
    script eth_getCode '{"result":"0x"}'
    next_nonce 0
}
deployed() {
    script eth_getCode '{"result":"0x60"}'
    next_nonce "$1"
}
# sends LABEL WORDS: it is judged, signed as "sign" would, verified as the account would, sent, followed.
# The signed operation is in sent.json.
sends() {
    local send=(send --token main --label "$1")
    want 0 "${send[@]}" --call "$to,5" --dry-run
    grep -q "$2" out || fail "not '$2', but: $(cat out)"
    want 0 "${send[@]}" --call "$to,5" --dry-run --output op.json
    want 3 "${send[@]}" --call "$to,6" --pin-file pin
    grep -q '^valetkey: refused: ' err || fail "$(cat err)"
    rm -f calls
    want 0 "${send[@]}" --call "$to,5" --pin-file pin --json
    hash=$(jq -r .userOpHash out)
    called eth_sendUserOperation 1
    kept "$hash"
    cp "$VALETKEY_HOME/outbox/$hash.json" sent.json
    same "$(jq -c 'del(.userOp.signature)' sent.json)" "$(jq -c 'del(.userOp.signature)' op.json)" "the operation"
    want 0 sign "${main[@]}" --label "$1" --input op.json
    same "$(jq -r .userOp.signature sent.json)" "$(cat out)" "the signature"
    jq -c '.userOp.signature |= .[:-4] + "ff1b"' sent.json >bad.json
    want 2 "${send[@]}" --signed bad.json
    grep -q '^valetkey: the signature is not good: ' err || fail "$(cat err)"
    receipt "$hash" "$(jq -r .userOp.nonce sent.json)"
    want 0 "${send[@]}" --signed sent.json --wait --pin-file pin
    kept
    script eth_getUserOperationReceipt '{"result":null}'
}
# field NAME VALUE: of the operation that was sent.
field() {
    same "$(jq -rc ".userOp$1" sent.json)" "$2" "$1 of what was sent"
}
starts() {
    case $(jq -r ".userOp$1" sent.json) in "$2"*) ;; *) fail "$1 does not begin with $2" ;; esac
}

# ---- The owner ----

owner_of() { # VERSION MEMBERS...
    want 0 key import "${main[@]}" --label "owner-$1" --key-file key.hex --policy policy.json --lint off
    want 0 approve "${main[@]}" --label "owner-$1" --chain-id 31337 --kernel-version "$1" --as-owner "${@:2}" --json
    account=$(jq -r .account out)
}
# Where the address is not computed, nothing says how to deploy it.
for version in v1 0.0.2; do
    on 0.6
    owner_of $version --account 0x1111111111111111111111111111111111111111
    want 5 send --token main --label owner-$version --call "$to,5" --dry-run
    grep -q 'the account is not deployed on chain 31337, and the grant does not say how' err || fail "$(cat err)"
    deployed 1
    sends owner-$version 'key 0x0, sequence 1'
    [ $version = v1 ] || starts .signature 0x00000000
    want 0 key remove "${main[@]}" --label owner-$version
done
for version in 0.2.2 0.2.4; do
    on 0.6
    owner_of $version --index 0
    sends owner-$version 'factory'
    [ "$(jq -r '.userOp.initCode | length > 100' sent.json)" = true ] || fail "nothing deploys it"
    starts .signature 0x00000000
    deployed 1
    sends owner-$version 'key 0x0, sequence 1'
    field .initCode 0x
    field .nonce 0x1
    want 0 key remove "${main[@]}" --label owner-$version
done
# In the root validator's lane.
for version in 0.3.0 0.3.1 0.3.3; do
    on 0.7
    owner_of $version --index 0
    sends owner-$version factory
    [ "$(jq -r '.userOp.factoryData | length > 10' sent.json)" = true ] || fail "nothing deploys it"
    deployed 1
    sends owner-$version 'root'
    field .factory null
    [ $version = 0.3.0 ] || field .nonce 0x845adb2c711129d4f3966735ed98a9f09fc4ce5700000000000000000001
    want 0 key remove "${main[@]}" --label owner-$version
done

# A passkey's account is given by its address: the token that keeps it knows how it is deployed.
on 0.7
want 0 key create "${main[@]}" --label pass --type p256 --policy policy.json --lint off
want 0 account create --token cold --name passes --kernel-version 0.3.3 --pin-file pin --json \
    --owner-key "pkcs11:token=main;object=pass?module-path=$VALETKEY_MODULE"
account=$(jq -r .account out)
factory_data=$(jq -r .factoryData out)
want 0 approve "${main[@]}" --label pass --chain-id 31337 --kernel-version 0.3.3 --as-owner --account "$account"
want 5 send "${main[@]}" --label pass --call "$to,5"
err <<'E'
valetkey: the account is not deployed on chain 31337, and the grant does not say how
valetkey: a token that keeps the account may know: "valetkey account create --help"; name it with --account-token if it is another
E
want 5 send "${main[@]}" --label pass --call "$to,5" --account-token nowhere
passes() {
    want 0 send "${main[@]}" --label pass --call "$to,5" --json "$@"
    hash=$(jq -r .userOpHash out)
    mv "$VALETKEY_HOME/outbox/$hash.json" sent.json
    want 0 send --token main --label pass --signed sent.json
    rm "$VALETKEY_HOME/outbox/$hash.json"
}
passes --account-token cold
field .factoryData "$factory_data"
deployed 1
passes
field .factory null

# ---- A validator beside the owner's ----

on 0.6
want 0 key create "${main[@]}" --label beside --type p256 --policy policy.json --lint off
want 0 approve "${main[@]}" --label beside --chain-id 31337 --kernel-version 0.2.4 --lint off --owner "$owner" \
    --index 2 --owner-key "$uri" --json
account=$(jq -r .account out)
sends_passkey() { # what its first bytes are
    rm -f calls
    want 0 send "${main[@]}" --label beside --call "$to,5" --json
    hash=$(jq -r .userOpHash out)
    called eth_sendUserOperation 1
    cp "$VALETKEY_HOME/outbox/$hash.json" sent.json
    starts .signature "$1"
    want 0 send --token main --label beside --signed sent.json
    receipt "$hash" "$(jq -r .userOp.nonce sent.json)"
    want 0 send --token main --label beside --resume "$hash" --wait --pin-file pin
    kept
    script eth_getUserOperationReceipt '{"result":null}'
}
want 0 send --token main --label beside --call "$to,5" --dry-run
grep -q 'the operation brings the approval along' out || fail "$(cat out)"
sends_passkey 0x00000002
[ "$(jq -r '.userOp.initCode | length > 100' sent.json)" = true ] || fail "nothing deploys it"
deployed 1
sends_passkey 0x00000002
field .initCode 0x

# An operation that wants the mode of an enabled plug-in says so.
next_nonce 2
want 0 send --token main --label beside --call "$to,5" --dry-run --output op.json
jq -c '.userOp.nonce = "0x2" | .userOp.signature = "0x00000001"' op.json >mode.json
want 0 send "${main[@]}" --label beside --userop mode.json --json
hash=$(jq -r .userOpHash out)
mv "$VALETKEY_HOME/outbox/$hash.json" sent.json
starts .signature 0x00000001
want 0 send --token main --label beside --signed sent.json
rm "$VALETKEY_HOME/outbox/$hash.json"

# ---- A signer of thirdweb's ----

jq -n '[{type: "thirdweb", approvedTargets: ["0x00000000000000000000000000000000000000aa"],
    nativeTokenLimitPerTransaction: "5", permissionStartTimestamp: 1767225600,
    permissionEndTimestamp: 4070908800}]' >thirdweb.json
account=0x1111111111111111111111111111111111111111
for version in 0.6 0.7; do
    on $version
    want 0 key import "${main[@]}" --label tw-$version --key-file key.hex --policy thirdweb.json --lint off
    want 0 approve "${main[@]}" --label tw-$version --chain-id 31337 --account $account --entry-point $version \
        --owner "$owner" --owner-key "$uri" --lint off
    want 5 send --token main --label tw-$version --call "$to,5" --dry-run
    grep -q 'the account is not deployed on chain 31337' err || fail "$(cat err)"
    deployed 7
    want 0 key show --token main --label tw-$version --json
    signer=$(jq -r .address out | lower)
    script eth_call:0x24d7806c "{\"result\":\"0x$(word 0)\"}" # isAdmin
    script eth_call:0x7dff5a79 "{\"result\":\"0x$(word 1)\"}" # isActiveSigner
    script eth_call:0xf15d424e "{\"result\":\"0x$(word 32)$(printf '%024d' 0)${signer#0x}$(word 160)$(word 5)$(word 1767225600)$(word 4070908800)$(word 1)$(word 0xaa)\"}"
    sends tw-$version 'key 0x0, sequence 7'
    field .nonce 0x7
    want 0 key remove "${main[@]}" --label tw-$version
done
finish
