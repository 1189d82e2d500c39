#!/bin/bash
# Sessions: a key and its grants in one go. For an owner of the multi-chain validator the serialized
# accounts are the SDK's, for three chains by one signature; other owners sign once a chain; what fails
# leaves nothing behind.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"

of() {
    jq -r "$1" "$vectors/multichain_session.json"
}
chains=$(of '.chainIds | join(",")')
of '.serializedAccounts[]' >expected.txt
head -n 1 expected.txt | base64 -d | jq '[.permissionParams.policies[].policyParams]' >policy.json
of .owner.privateKey >owner.hex
of .session.privateKey >key.hex
owner_uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE"

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
want 0 account create --token main --name multi --kernel-version 0.3.1 --validator multichain \
    --owner-key "$owner_uri" --pin-file pin --json
account=$(of .account)
json '[.account, .owner]' "[\"$account\",\"$(of .owner.address)\"]"
want 0 session list --token main --json
json .sessions '[]'

# plain FILE: what is in the texts, without the order and the letter case.
plain() {
    while read -r line; do
        base64 -d <<<"$line" | jq -Sc .
    done <"$1" | lower
}

# The SDK's own texts, by a key that is there already, has the policy, and no grant.
create=(session create --token main --account multi --chain-id "$chains" --policy policy.json --lint off)
want 0 key import --token main --label sdk --key-file key.hex --policy policy.json --lint off --pin-file pin
want 0 "${create[@]}" --label sdk --owner-pin-file pin --pin-file pin --output texts.txt
echo "The key \"sdk\" may act for the account $account on chains 1, 10 and 8453." | out
same "$(plain texts.txt)" "$(plain expected.txt)" "the serialized accounts"
want 0 session list --token main --json
json '[.sessions[] | [.label, .chainId, .account, .permissionId, .enabled]] | [length, .[0], .[2][1]]' \
    "[3,[\"sdk\",1,\"$account\",\"$(plain expected.txt | head -n 1 | jq -r .permissionParams.permissionId)\",false],8453]"
want 2 "${create[@]}" --label sdk --owner-pin-file pin --pin-file pin
err <<'EOF'
valetkey: the key "sdk" has these grants already
valetkey: "valetkey approve" adds grants to a key; for another session choose another label
EOF
want 2 "${create[@]/$chains/1,100}" --label sdk --owner-pin-file pin --pin-file pin
want 0 session show --token main --label sdk --chain-id 8453 --account multi --json
json '[.label, (.grants | length), .grants[0].chainId, .grants[0].account]' "[\"sdk\",1,8453,\"$account\"]"
want 1 session show --token main --label sdk
want 5 session show --token main --label sdk --chain-id 100
err <<'EOF'
valetkey: the key "sdk" has no such session
valetkey: see "valetkey session list"
EOF

# The same read back, by the SDK's way: texts, one a line, of one key.
want 0 key remove --token main --label sdk --pin-file pin
import=(session import --token main --label back --lint off --key-file key.hex --pin-file pin)
want 2 "${import[@]}" --serialized texts.txt --chain-id 1,10
echo 'valetkey: there are 3 serialized accounts in texts.txt, one a line, but --chain-id names 2 chains' | err
want 2 "${import[@]}" --serialized texts.txt --chain-id 1,8453,10
grep -q 'valetkey: that is the one in line 2, for chain 8453' err || fail "another message"
want 1 "${import[@]}" --serialized texts.txt --chain-id 1,10,1
echo 'valetkey: --chain-id names chain 1 twice' | head -n 1 >first
head -n 1 err | diff first - || fail "another message"
want 0 key list --token main --json
json .keys '[]'
want 0 "${import[@]}" --serialized expected.txt --chain-id "$chains" --json
json '[.label, .granted]' '["back",true]'
want 0 session list --token main --json
json '[.sessions[] | .chainId]' "[$chains]"
want 0 key remove --token main --label back --pin-file pin

# A wallet: the question makes the key, the answer of one signature the grants.
create=(session create --token main --account "$account" --label shop --chain-id 1,10 --policy policy.json --lint off)
want 0 "${create[@]}" --pin-file pin --json
json '[.label, .made, .method, .signatures, (.chains | map(.chainId)), .chains[0].typedData.primaryType]' \
    '["shop",true,"personal_sign",1,[1,10],"Enable"]'
root=$(jq -r .merkleRoot out)
permission=$(jq -r .permissionId out)
want 0 "${create[@]}" --pin-file pin
grep -qx "$root" out || fail "no merkle root"
grep -q 'with --signature HEX' out || fail "it does not say what is next"
want 0 session list --token main --json
json .sessions '[]'
want 2 "${create[@]}" --signature "0x$(printf '%0130d' 1)" --pin-file pin
grep -q 'the approval does not hold' err || fail "another message"
want 1 "${create[@]}" --signature 0x00,0x00 --pin-file pin
err <<'EOF'
valetkey: --signature has 2 signatures, but 1 is wanted
valetkey: this owner signs the merkle root, once
EOF
want 0 "${create[@]}" --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin --output two.txt --json
same "$(head -n 1 two.txt | base64 -d | jq -r .enableSignature | cut -c 133-196)" "${root#0x}" "the merkle root"
signature=$(head -n 1 two.txt | base64 -d | jq -r .enableSignature | cut -c 1-132)
json '[.permissionId, (.sessions | map(.chainId))]' "[\"$permission\",[1,10]]"
same "$(jq -r '.sessions[].serializedAccount' out)" "$(cat two.txt)" "the output"
# The same answer, from a wallet that writes the recovery id as 0 or 1.
want 0 key import --token main --label again --key-file key.hex --policy policy.json --lint off --pin-file pin
want 2 "${create[@]/shop/again}" --signature "$signature" --pin-file pin
want 0 "${create[@]/shop/again}" --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin --output - >/dev/null
signature=$(head -n 1 out | base64 -d | jq -r .enableSignature | cut -c 1-132)
same "$(wc -l <out)" 2 "the number of lines"
want 0 key remove --token main --label again --pin-file pin
want 0 key import --token main --label again --key-file key.hex --policy policy.json --lint off --pin-file pin
want 0 "${create[@]/shop/again}" --signature "${signature%1[bc]}0$((0x${signature: -2} - 27))" --pin-file pin --json
json '.sessions | length' 2

# An owner of the ECDSA validator signs for each chain.
want 0 account create --token main --name ecdsa --kernel-version 0.3.3 --owner-key "$owner_uri" --pin-file pin
create=(session create --token main --account ecdsa --label each --chain-id 1,10,137 --policy policy.json --lint off)
want 0 "${create[@]}" --pin-file pin --json
json '[.method, .signatures, .merkleRoot, (.chains | map(.digest) | unique | length)]' '["eth_signTypedData_v4",3,null,3]'
want 0 "${create[@]}" --owner-pin-file pin --owner-key "$owner_uri" --pin-file pin --json
signatures=$(jq -r '[.sessions[].serializedAccount | @base64d | fromjson | .enableSignature] | join(",")' out)
json '[.sessions[].serializedAccount | @base64d | fromjson | .isPreInstalled] | unique' '[false]'
want 0 key remove --token main --label each --pin-file pin
want 0 key remove --token main --label again --pin-file pin
want 0 key import --token main --label each --key-file key.hex --policy policy.json --lint off --pin-file pin
want 2 "${create[@]}" --signature "$signatures" --pin-file pin
grep -q '^valetkey: that is what was signed for chain 1$' err || fail "another message"
want 1 "${create[@]}" --signature "${signatures%%,*}" --pin-file pin
err <<'EOF'
valetkey: --signature has 1 signature, but 3 are wanted
valetkey: one for each chain of --chain-id, in that order, separated by commas
EOF
want 0 "${create[@]}" --owner-pin-file pin --owner-key "$owner_uri" --pin-file pin --output each.txt
signatures=$(while read -r line; do base64 -d <<<"$line" | jq -r .enableSignature; done <each.txt | paste -sd ,)
want 0 key remove --token main --label each --pin-file pin
want 0 key import --token main --label each --key-file key.hex --policy policy.json --lint off --pin-file pin
want 0 "${create[@]}" --signature "$signatures" --pin-file pin --output again.txt
same "$(cat again.txt)" "$(cat each.txt)" "the serialized accounts"

# A passkey owner: a P-256 key of any token signs assertions; a P-256 session key, too.
want 0 key create --token cold --label pass --type p256 --rp-id wallet.example --pin-file pin
pass_uri=${owner_uri/object=owner/object=pass}
want 0 account create --token main --name pass --kernel-version 0.3.3 --owner-key "$pass_uri" --pin-file pin --json
create=(session create --token main --account pass --label phone --chain-id 1,8453 --policy policy.json
    --type p256 --rp-id session.example --lint off)
want 0 "${create[@]}" --owner-key "$pass_uri" --owner-pin-file pin --pin-file pin --json
json '[.kernelVersion, (.sessions | map(.chainId))]' '["0.3.3",[1,8453]]'
json '[.sessions[].serializedAccount | @base64d | fromjson | .enableSignature | length > 900] | unique' '[true]'
want 0 key show --token main --label phone --json
json '[.type, .rpId, (.grants | length)]' '["p256","session.example",2]'
want 2 "${create[@]/session.example/other.example}" --pin-file pin

# "approve" lets it sign as well.
want 0 key create --token main --label approved --policy policy.json --lint off --pin-file pin
want 0 account show --token main --account pass --json
want 0 approve --token main --label approved --chain-id 10 --kernel-version 0.3.3 --lint off \
    --account "$(jq -r .account out)" --owner "$(jq -r .owner out)" --owner-key "$pass_uri" --owner-pin-file pin --pin-file pin

# The owner's key on the token of the session key itself, and in the module that is in use.
want 0 key import --token main --label mine --key-file owner.hex --policy <(echo '[{"type":"sudo"}]') --lint off --pin-file pin
want 0 session create --token main --account ecdsa --label same --chain-id 5 --policy policy.json --lint off \
    --owner-key 'pkcs11:token=main;object=mine' --pin-file pin --json
json '.sessions | length' 1

# An account of Kernel 0.2.x takes a passkey as a plug-in: the token alone keeps the limits, and there is
# no text. Of an ECDSA owner an ECDSA key would take the place.
want 0 account create --token main --name plug --kernel-version 0.2.4 --owner-key "$owner_uri" --pin-file pin
create=(session create --token main --account plug --chain-id 10,1 --policy policy.json --lint off
    --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin)
want 0 "${create[@]}" --label plug --type p256 --json
json '[.kind, .keptBy, .permissionId, (.sessions | map(.chainId)), .sessions[0].serializedAccount]' \
    '["plugin","token",null,[10,1],null]'
want 2 "${create[@]}" --label unplugged
want 5 key show --token main --label unplugged

# thirdweb: the admin's key signs at once, and what comes of it are the calls that set the session.
cat >tw.json <<'EOF'
[{"type":"thirdweb","approvedTargets":["0x00000000000000000000000000000000000000aa"],
"nativeTokenLimitPerTransaction":"5","permissionStartTimestamp":1767225600,"permissionEndTimestamp":4070908800}]
EOF
want 0 account create --token main --name tw --factory 0x86a2ee8faf9a840f7a2c64ca3d51209f9a02081d \
    --implementation 0x8c8e61e4705d1dbee6deadb39e67ac77650b0704 --entry-point 0.7 --owner-key "$owner_uri" --pin-file pin
create=(session create --token main --account tw --label tw --chain-id 10,1 --policy tw.json --lint off --pin-file pin)
want 1 "${create[@]}"
echo "valetkey: for a thirdweb account the admin's key has to sign at once: give --owner-key URI" | head -n 1 >first
head -n 1 err | diff first - || fail "another message"
want 0 "${create[@]}" --owner-key "$owner_uri" --owner-pin-file pin --json
json '[.kind, (.sessions | map([.chainId, .callData[0:10]]))]' \
    '["thirdweb",[[10,"0x5892e236"],[1,"0x5892e236"]]]'
want 0 session list --token main --json
json '[.sessions[] | select(.label == "tw") | [.kind, .chainId, .permissionId, .validUntil]]' \
    '[["thirdweb",10,null,4070908800],["thirdweb",1,null,4070908800]]'
want 2 session create --token main --account tw --label no --chain-id 1 --policy policy.json --lint off \
    --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin
echo "valetkey: the policy is one of Kernel accounts, but the account is thirdweb's" | err
want 2 session create --token main --account ecdsa --label no --chain-id 1 --policy tw.json --lint off \
    --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin
echo 'valetkey: the policy is a thirdweb session, but the account is a Kernel account' | err

# The account's nonce is part of what is approved.
create=(session create --token main --account ecdsa --label nonce --chain-id 7 --policy policy.json --lint off --pin-file pin)
want 0 "${create[@]}" --enable-nonce 3 --json
json '[.enableNonce, .chains[0].typedData.message.nonce]' '[3,3]'
digest=$(jq -r '.chains[0].digest' out)
want 0 "${create[@]}" --json
[ "$(jq -r '.chains[0].digest' out)" != "$digest" ] || fail "the same digest"
want 0 "${create[@]}" --enable-nonce 3 --owner-key "$owner_uri" --owner-pin-file pin --json
json .enableNonce 3

# What fails leaves nothing: a wrong PIN, a wrong key, an account that nobody can be approved for.
want 0 key list --token main --json
before=$(jq -c '[.keys[].label]' out)
create=(session create --token main --label none --chain-id 1,10 --policy policy.json --lint off)
echo wrong-pin >wrong
want 4 "${create[@]}" --account ecdsa --owner-key "$owner_uri" --owner-pin-file wrong --pin-file pin
want 2 "${create[@]}" --account ecdsa --owner-key "$pass_uri" --owner-pin-file pin --pin-file pin
want 2 "${create[@]}" --account pass --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin
want 5 "${create[@]}" --account ecdsa --owner-key "${owner_uri/object=owner/object=nobody}" --owner-pin-file pin --pin-file pin
want 0 account create --token main --name told --kernel-version 0.3.1 \
    --owner 0x0b225eEB23a6F144fA72ab1E9361d21286dD2FdE --pin-file pin
want 1 "${create[@]}" --account told --owner-pin-file pin --pin-file pin
echo 'valetkey: the account "told" does not say where its owner'"'"'s key is: give --owner-key URI' | err
want 2 "${create[@]}" --account told --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin
want 5 "${create[@]}" --account nobody --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin
want 0 account create --token main --name old --kernel-version 0.0.2 --account "$account" \
    --owner-key "$owner_uri" --pin-file pin
want 2 "${create[@]}" --account old --owner-pin-file pin --owner-key "$owner_uri" --pin-file pin
want 1 "${create[@]}" --account ecdsa --output x.txt --pin-file pin
want 1 "${create[@]/1,10/1,,10}" --account ecdsa --pin-file pin
want 0 key list --token main --json
json '[.keys[].label]' "$before"
finish
