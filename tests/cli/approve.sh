#!/bin/bash
# A key made on the token, approved in each of the ways; the approval that an owner's key on another
# token gives is the SDK's, and so is the serialized account.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
owner=$(session .owner.address)
account=$(session .account)

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
session .policies >policy.json
session .session.privateKey | cut -c 3- >key.hex
want 0 key import --token main --label usdc --key-file key.hex --policy policy.json --pin-file pin

# The question.
approve=(approve --token main --label usdc --chain-id 31337 --kernel-version 0.3.1)
want 0 "${approve[@]}" --owner "$owner" --index 0 --json
json '[.account, .permissionId, .enableNonce]' "$(session '[.account, .permissionId, 1] | tojson')"
json '.typedData | [.primaryType, .domain.chainId, .domain.verifyingContract, .message.nonce]' \
    "[\"Enable\",31337,\"$account\",1]"
digest=$(jq -r .digest out)
want 0 "${approve[@]}" --owner "$owner"
head -n 1 out >first && mv first out
echo "The owner of the account $account approves on chain 31337:" | out
want 0 key show --token main --label usdc --json
json .grants '[]'

# Without a grant nothing is signed.
session '.operations[0].userOp' >op.json
want 3 sign --token main --label usdc --input op.json --pin-file pin
err <<'EOF'
valetkey: refused: grant: the key has no grant: no account's owner has approved it yet (see valetkey approve)
valetkey: "valetkey explain" shows what each rule says
EOF
want 3 explain --token main --label usdc --input op.json --json
json '[.chainId, .rule, (.verdicts | map([.rule, .result]))]' \
    '[null,"grant",[["grant","denied"],["call","allowed"],["gas","allowed"],["timestamp","allowed"]]]'
want 5 userop attach --token main --label usdc --input op.json --session-part 0xff00

# The answer of an owner's key.
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE"
want 0 "${approve[@]}" --owner "$owner" --owner-key "$uri&pin-source=file:$work/pin" \
    --output account.txt --pin-file pin
echo "The key \"usdc\" may act for the account $account on chain 31337." | out
plain() {
    base64 -d | jq -Sc . | lower
}
same "$(plain <account.txt)" "$(session .serializedAccount | plain)" "the serialized account"
want 0 sign --token main --label usdc --input op.json --pin-file pin
same "$(cat out)" "$(session '.operations[0].signature' | lower)" "the signature"

# The same from a wallet, which may write the recovery id as 0 or 1.
signature=$(base64 -d account.txt | jq -r .enableSignature)
want 2 "${approve[@]}" --owner "$owner" --signature "$signature" --pin-file pin
want 0 key remove --token main --label usdc --pin-file pin
want 0 key import --token main --label usdc --key-file key.hex --policy policy.json --pin-file pin
want 0 "${approve[@]}" --owner "$owner" --pin-file pin \
    --signature "${signature%1[bc]}0$((0x${signature: -2} - 27))" --json
json '[.digest, .preInstalled]' "[\"$digest\",false]"
json .serializedAccount "$(cat account.txt)"

# Wrong signatures, wrong keys. What lint warns of stands before.
last_err() {
    tail -n 1 err >last && mv last err
    err
}
want 2 "${approve[@]/31337/10}" --owner "$owner" --signature "$signature" --pin-file pin
grep -q '^valetkey: the approval does not hold: enableSignature: this is not a signature by the owner 0x0b225e' err ||
    fail "another message"
want 2 "${approve[@]/31337/10}" --owner "$account" --owner-key "$uri" --owner-pin-file pin --pin-file pin
echo "valetkey: the key of --owner-key is not that of the owner $account" | last_err
want 5 "${approve[@]/31337/10}" --owner "$owner" --owner-key "${uri/object=owner/object=other}" \
    --owner-pin-file pin --pin-file pin
want 1 "${approve[@]/31337/10}" --owner "$owner" --owner-key "${uri/token=cold;/}" \
    --owner-pin-file pin --pin-file pin
echo 'valetkey: --owner-key must name the token: pkcs11:token=LABEL;object=LABEL' | last_err
want 1 "${approve[@]/31337/10}" --owner "$owner" --owner-key "$uri&pin-value=1234" --pin-file pin
echo 'valetkey: a PIN is never an argument: use --owner-pin-file, or pin-source=file:PATH instead of pin-value' | last_err

# A second chain, where the permission is installed already: then the chain must be said.
want 0 "${approve[@]/31337/10}" --account "$account" --pre-installed --pin-file pin
session '.operations[1].userOp' >op1.json
want 1 sign --token main --label usdc --input op1.json --pin-file pin
err <<'EOF'
valetkey: the key may act for this account on chain 31337 and on chain 10
valetkey: choose one with --chain-id N
EOF
want 0 sign --token main --label usdc --input op1.json --chain-id 10 --pin-file pin --json
json '[.chainId, .account]' "[10,\"$account\"]"
jq '{chainId: 10, entryPoint: $entry, userOp: .}' --arg entry "$(session .entryPoint)" op1.json >on10.json
signature=$(jq -r .signature out)
want 0 sign --token main --label usdc --input on10.json --pin-file pin
same "$(cat out)" "$signature" "the signature"
want 1 sign --token main --label usdc --input on10.json --chain-id 31337 --pin-file pin
echo 'valetkey: --chain-id is 31337, but the operation says chain 10' | err
want 5 sign --token main --label usdc --input op1.json --chain-id 11 --pin-file pin

# Budgets belong to the key, the account and the permission: they outlive the object.
want 0 key remove --token main --label usdc --pin-file pin
want 0 key import --token main --label again --key-file key.hex --serialized account.txt \
    --chain-id 31337 --pin-file pin
want 0 key show --token main --label again --json
json '.grants[0] | [.enabled, .budgets[0].gasLeft]' '[true,"8600000000000000"]'
finish
