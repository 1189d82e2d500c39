#!/bin/bash
# A session of a thirdweb account: the request that an admin signs, the call that sets it, operations
# of EntryPoint 0.6 and 0.7; and the requests about admins, which are the SO's business.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/pairing.sh"
kept=

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
secret 34 >admin.hex
want 0 key import --token cold --label admin --key-file admin.hex --pin-file pin
want 0 key show --token cold --label admin --json
admin=$(jq -r .address out)
uri="pkcs11:token=cold;object=admin?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
account=0x1111111111111111111111111111111111111111
main() {
    local status=$1
    shift
    want "$status" "$@" --token main
}
# by_admin: $expected, what the admin's signature of request.json makes.
by_admin() {
    expected=$(ask thirdweb "$(jq -cn --slurpfile request request.json --arg account "$account" \
        --arg key "0x$(cat admin.hex)" '{abi_version: "isAdmin", chainId: "10", account: $account,
        adminPrivateKey: $key, request: $request[0]}')" "$1")
}

# The policy is the session; what thirdweb's wildcards would be, the token does not want.
cat >policy.json <<'EOF'
[{"type":"thirdweb","approvedTargets":["0x00000000000000000000000000000000000000aa"],
"nativeTokenLimitPerTransaction":"5","permissionStartTimestamp":1767225600,"permissionEndTimestamp":4070908800}]
EOF
secret 56 >key.hex
main 0 key import --label tw --key-file key.hex --policy policy.json --pin-file pin
grep -q '^  Session of a thirdweb account: may call every function of 0x00' out || fail "another policy"
main 0 key import --label pass --type p256 --key-file key.hex --authenticator-id dmFsZXRrZXk \
    --policy policy.json --pin-file pin --lint off

# The question, in a file, and the answers: a wallet's, or a key's.
approve=(approve --label tw --chain-id 10 --account "$account")
main 1 "${approve[@]}" --owner "$admin"
main 2 "${approve[@]/tw/pass}" --owner "$admin" --entry-point 0.7 --lint off
grep -q '^valetkey: the account cannot be approved for: kind: ' err || fail "another message"
main 1 "${approve[@]}" --owner "$admin" --entry-point 0.7 --kernel-version 0.3.1
main 2 "${approve[@]}" --owner "$admin" --entry-point 0.8
main 0 "${approve[@]}" --owner "$admin" --entry-point 0.6 --output request.json --json
json '[.kind, .keptBy, .account, .typedData.primaryType]' \
    "[\"thirdweb\",\"account\",\"$account\",\"SignerPermissionRequest\"]"
json '.request | [.isAdmin, .nativeTokenLimitPerTransaction, .permissionEndTimestamp]' '[0,"5","4070908800"]'
digest=$(jq -r .digest out)
by_admin .digest
same "$digest" "$expected" "the digest"
by_admin .signature
main 1 "${approve[@]}" --owner "$admin" --entry-point 0.6 --signature "$expected" --pin-file pin
main 2 "${approve[@]}" --owner "$account" --entry-point 0.6 --request request.json \
    --signature "$expected" --pin-file pin
main 0 "${approve[@]}" --owner "$admin" --entry-point 0.6 --request request.json \
    --signature "$expected" --output call.hex --pin-file pin
echo "The key \"tw\" may act for the account $account on chain 10." | out
by_admin .callData
same "$(cat call.hex)" "$expected" "the call"
main 0 thirdweb call --chain-id 10 --account "$account" --request request.json --owner "$admin" \
    --signature "$(by_admin .signature && echo "$expected")" --json
json '[.to, .admin]' "[\"$account\",\"$admin\"]"
main 0 "${approve[@]/10/11}" --owner "$admin" --entry-point 0.7 --owner-key "$uri" --pin-file pin

# Operations.
operation thirdweb "$(paid 5)" 0x5b6d0000000000000000 0x 0.6
owned
jq '{chainId: 10, entryPoint: "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789", userOp: .}' op.json >on10.json
mv on10.json op.json
signed tw "0x${expected#0x00000000}" --token main
by_tool tw op.json "0x${expected#0x00000000}"
main 0 explain --label tw --input op.json
grep -q '^  on  *OP Mainnet (chain 10), EntryPoint 0.6, thirdweb$' out || fail "another account"
grep -q '^  nonce  *key 0x5b6d, sequence 0$' out || fail "another nonce"
operation thirdweb "$(paid 5)" 0
oracle validators '{kernelVersion: "0.3.1", entryPointVersion: "0.7", kind: "ecdsa", chainId: "11"}' .signature
signed tw "$expected" --token main --chain-id 11
operation thirdweb "$(paid 6)" 1
main 3 explain --label tw --input op.json --chain-id 11 --json
json '[.kind, .keptBy, .rule, .chainError, .window.validUntil]' \
    '["thirdweb","account","limit","AA24 signature error",4070908800]'
main 1 sign --label tw --input op.json --pin-file pin
grep -q '^valetkey: the key may act through several EntryPoints' err || fail "another message"
main 3 sign --label tw --input op.json --chain-id 11 --pin-file pin
err <<'EOF'
valetkey: refused: limit: 6 wei of native value is over the limit of 5 wei for one call (account 0x1111111111111111111111111111111111111111 on chain 11)
valetkey: "valetkey explain" shows what each rule says
EOF
no_messages thirdweb --label tw --chain-id 11

# Each call of a batch has its limit; any other function is the account's own.
jq -c --arg data "$(ask thirdweb '{"function": "executeBatch", "calls": [
    {"target": "0x00000000000000000000000000000000000000aa", "value": "5", "data": "0x"},
    {"target": "0x00000000000000000000000000000000000000aa", "value": "6", "data": "0x"}]}' .callData)" \
    '.callData = $data' op.json >batch.json
main 3 explain --label tw --input batch.json --chain-id 11 --json
json '[.rule, (.calls | map(.value, .self))]' '["limit",["5",false,"6",false]]'
jq -c '.callData = "0x12345678"' op.json >own.json
main 3 explain --label tw --input own.json --chain-id 11 --json
json '[.rule, .callsFault, .calls[0].self, .calls[0].target]' "[\"callData\",null,true,\"$account\"]"
main 0 key show --label tw --json
json '.grants | map([.kind, .keptBy, .entryPoint])' \
    '[["thirdweb","account","0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"],["thirdweb","account","0x0000000071727De22E5E9d8BAf0edAc6f37da032"]]'

# Admins: built for who knows the SO's PIN, signed elsewhere.
request=(--chain-id 10 --account "$account" --output request.json --json)
main 4 thirdweb add-admin "${request[@]}" --signer "$account" --so-pin-file pin
main 0 thirdweb add-admin "${request[@]}" --signer "$account" --so-pin-file so-pin
json '.request | [.signer, .isAdmin, .approvedTargets]' "[\"$account\",1,[]]"
digest=$(jq -r .digest out)
by_admin .digest
same "$digest" "$expected" "the digest"
uid=$(jq -r .uid request.json)
main 0 thirdweb remove-admin "${request[@]}" --signer "$account" --so-pin-file so-pin
json '.request.isAdmin' 2
[ "$(jq -r .uid request.json)" != "$uid" ] || fail "the same uid twice"
main 0 thirdweb remove-session "${request[@]}" --label tw --so-pin-file so-pin
main 0 key show --label tw --json
signer=$(jq -r .address out)
same "$(jq -c '[.signer, .isAdmin, .approvedTargets, .nativeTokenLimitPerTransaction]' request.json)" \
    "[\"$signer\",0,[],\"0\"]" "the request"
by_admin .signature
main 0 thirdweb call --chain-id 10 --account "$account" --request request.json --signature "$expected"
same "$(cut -c -10 out)" "$(cut -c -10 call.hex)" "the function"
main 2 thirdweb call --chain-id 11 --account "$account" --request request.json --signature "$expected" \
    --owner "$admin"

# What is approved for anything is refused, unless the SO allows it.
sed 's/"0x00000000000000000000000000000000000000aa"/"0x0000000000000000000000000000000000000000"/' \
    policy.json >any.json
secret 78 >key.hex
main 0 key import --label any --key-file key.hex --policy any.json --pin-file pin --lint off
main 0 approve --label any --chain-id 10 --account "$account" --entry-point 0.7 --pre-installed \
    --pin-file pin --lint off
operation thirdweb "$(paid 5)" 0
main 3 sign --label any --input op.json --pin-file pin
grep -q '^valetkey: refused: targets: the session may call any contract.*any-target' err || fail "another message"
main 0 token set --relax any-target --so-pin-file so-pin
main 0 sign --label any --input op.json --pin-file pin
finish
