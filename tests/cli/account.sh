#!/bin/bash
# Accounts that the token keeps: the addresses are the SDK's, the owner is read from the token that has
# his key, and what was changed outside is found.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
file=ecdsa
owner=$(session .owner.address)

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 account list --token main
echo 'There are no accounts.' | out

# Every kind of account of the vectors: address, factory, factory data.
cases='.cases[] | select(.in | .sudo == "SUDO" and .kernelVersion == "VERSION" and .hook == null
    and .initConfig == null and .useMetaFactory and .validatorAddress != null)'
number=0
# check_case JSON
check_case() {
    local in=$1 got expected who
    local version sudo index
    version=$(jq -r .in.kernelVersion <<<"$in")
    sudo=$(jq -r .in.sudo <<<"$in")
    index=$(jq -r .in.index <<<"$in")
    number=$((number + 1))
    local data
    data=$(jq -r .in.validatorEnableData <<<"$in")
    who=(--owner "${data:0:42}" --validator "$sudo")
    [ "$sudo" = passkey ] && who=(--owner "0x${data:2:128}" --authenticator-id-hash "0x${data:130:64}")
    want 0 account create --token main --name "case $number" --kernel-version "$version" \
        --index "$index" "${who[@]}" --pin-file pin --json
    got=$(jq -c '[.account, .factory, .factoryData]' out | lower)
    expected=$(jq -c '[.out.address, .out.factory, .out.factoryData]' <<<"$in" | lower)
    same "$got" "$expected" "account, factory and factory data"
}
for version in 0.2.2 0.2.4 0.3.0 0.3.1 0.3.2 0.3.3; do
    for sudo in ecdsa multichain passkey; do
        filter=${cases/SUDO/$sudo}
        one=$(jq -c "[${filter/VERSION/$version}][0]" "$vectors/account_address.json")
        [ "$one" != null ] && check_case "$one"
    done
done
[ "$number" -ge 14 ] || fail "only $number vectors"
want 0 account list --token main --json
json '.accounts | length' "$number"
want 0 account remove --token main --account 'case 1' --pin-file pin
want 5 account show --token main --account 'case 1'
err <<'EOF'
valetkey: the token "main" keeps no account "case 1"
valetkey: see "valetkey account list"; "valetkey account create" adds one
EOF

# The owner's key on another token, and its URI without PIN and module.
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE"
want 0 account create --token main --name home --kernel-version 0.3.1 \
    --owner-key "$uri&pin-source=file:$work/pin" --account "$(session .account)" --pin-file pin
want 0 account show --token main --account home
out <<EOF
home
  address        $(session .account)
  kind           Kernel 0.3.1, EntryPoint 0.7
  owner          $owner
  validator      ecdsa
  index          0
  factory        0xd703aaE79538628d27099B8c4f621bE4CCd142d5
  factory data   $(session .serializedAccount | base64 -d | jq -r .accountParams.initCode | lower)
  owner's key    pkcs11:token=cold;object=owner
EOF
want 0 account show --token main --account "$(session .account)" --json
json '[.name, .kind, .validator, .owner, .index, .ownerKey]' \
    "[\"home\",\"kernel\",\"ecdsa\",\"$owner\",\"0\",\"pkcs11:token=cold;object=owner\"]"

# A passkey, whose credential id the token of its key knows; any other one has to be told.
want 0 key create --token cold --label pass --type p256 --rp-id wallet.example --pin-file pin
want 0 account create --token main --name pass --kernel-version 0.3.3 \
    --owner-key "${uri/object=owner/object=pass}" --pin-file pin --json
json '[.validator, .rpId, .origin, (.owner | length)]' \
    '["passkey","wallet.example","https://wallet.example",130]'
point=$(jq -r .owner out)
hash=$(jq -r .authenticatorIdHash out)
address=$(jq -r .account out)
want 1 account create --token main --name other --kernel-version 0.3.3 --owner "$point" --pin-file pin
echo "valetkey: the address of a passkey's account depends on its credential id: give --authenticator-id TEXT or --authenticator-id-hash HEX" | err
want 0 account create --token main --name other --kernel-version 0.3.3 --owner "$point" \
    --authenticator-id-hash "$hash" --pin-file pin --json
json .account "$address"
want 1 account show --token main --account "$address"
echo "valetkey: the token \"main\" keeps 2 accounts \"$address\"" | err

# thirdweb, as its package makes them; v1, whose address nobody can compute.
made=$(jq -c '[.cases[] | select(.in.what == "account address" and .in.data == "0x")][0]' \
    "$vectors/onchain_thirdweb.json")
made() {
    jq -r "$1" <<<"$made"
}
admin=$(made .in.admin)
thirdweb=(account create --token main --factory "$(made .in.factory)" --entry-point 0.6 --owner "$admin" --pin-file pin)
want 0 "${thirdweb[@]}" --name tw --implementation "$(made .in.implementation)" --json
json '[.kind, .factoryData[0:10]]' '["thirdweb","0xd8fd8f44"]'
same "$(jq -r .account out | lower)" "$(made .out.address)" "the account"
want 1 "${thirdweb[@]}" --name tw2
echo "valetkey: the address depends on the factory's accountImplementation(): give --implementation ADDRESS, or --chain-id N to ask the chain's node" | err
want 2 account create --token main --name old --kernel-version v1 --owner "$owner" --pin-file pin
err <<'EOF'
valetkey: no such account can be: account: the address of an account of Kernel v1 on EntryPoint 0.6 cannot be computed: it must be given
valetkey: give it with --account ADDRESS
EOF
want 0 account create --token main --name old --kernel-version v1 --owner "$owner" \
    --account "$owner" --pin-file pin --json
json .account "$owner"

# Deployed by the owner in a way of his own: for another EntryPoint, or as the code of his address.
own=0x1111111111111111111111111111111111111111
mine=(account create --token main --owner "$owner" --pin-file pin)
want 0 "${mine[@]}" --name own --kernel-version 0.3.3 --entry-point 0.8 --account "$own"
want 0 account show --token main --account own
out <<EOF
own
  address        $own
                 (as given: of this version it cannot be computed)
  kind           Kernel 0.3.3, EntryPoint 0.8
  owner          $owner
  validator      ecdsa
EOF
want 2 "${mine[@]}" --name own2 --kernel-version 0.3.3 --entry-point 0.9
err <<'EOF'
valetkey: no such account can be: account: the address of an account of Kernel 0.3.3 on EntryPoint 0.9 cannot be computed: it must be given
valetkey: give it with --account ADDRESS
EOF
want 1 "${mine[@]}" --name own2 --kernel-version 0.3.3 --entry-point 0.9 --account "$own" --index 1
echo 'valetkey: no factory is known that deploys such an account, so --index means nothing' | err
want 2 "${mine[@]}" --name own2 --kernel-version 0.3.3 --entry-point 0.9 --account "$own" --validator multichain
want 0 "${mine[@]}" --name eoa --kernel-version 0.3.3 --eip7702 --json
json '[.account, .eip7702, .factory, .index]' "[\"$owner\",true,null,null]"
want 2 "${mine[@]}" --name eoa2 --kernel-version 0.3.1 --eip7702
want 1 "${mine[@]}" --name eoa2 --factory "$own" --implementation "$own" --entry-point 0.7 --eip7702

# What a node says.
want 5 account show --token main --account home --chain-id 8453
jq -n --arg deposit "0x$(word 3)" --arg implementation "0x$(padded "$(made .in.implementation)")" '{
    chainId: 8453, answers: {eth_chainId: {result: "0x2105"}, eth_getCode: {result: "0x"},
    eth_getBalance: {result: "0xde0b6b3a7640000"}, "eth_call:0x70a08231": {result: $deposit},
    "eth_call:0x11464fbe": {result: $implementation}}}' >script.json
listen script.json url
jq -R '{"8453": {node: {url: .}}}' url >"$VALETKEY_HOME/chains.json"
want 0 account show --token main --account home --chain-id 8453
tail -n 5 out >last && mv last out
out <<'EOF'
On chain 8453
  deployed       no
  balance        1 ether
  deposit        0.000000000000000003 ether
  currentNonce   1
EOF
want 0 account show --token main --account home --chain-id 8453 --json
json .chain '{"chainId":8453,"deployed":false,"balance":"1000000000000000000","deposit":"3","currentNonce":1}'
want 5 account show --token main --account home --chain-id 1
want 0 "${thirdweb[@]}" --name asked --chain-id 8453 --json
same "$(jq -r .account out | lower)" "$(made .out.address)" "the account"
script eth_getCode '{"result": "0x60"}'
want 0 account show --token main --account asked --chain-id 8453 --json
json .chain '{"chainId":8453,"deployed":true,"balance":"1000000000000000000","deposit":"3"}'
script eth_call:0x11464fbe '{"result": "0x"}'
want 8 "${thirdweb[@]}" --name nothing --chain-id 8453
echo 'valetkey: http://127.0.0.1 knows no accountImplementation() of the factory' | err
script eth_getBalance '{"error": {"code": -32000, "message": "too busy"}}'
want 8 account show --token main --account asked --chain-id 8453
grep -q 'too busy' err || fail "the server's words are missing"
script eth_chainId '{"result": "0x1"}'
want 8 account show --token main --account asked --chain-id 8453
echo 'valetkey: http://127.0.0.1 is on chain 1, but was asked about chain 8453' | err
want 5 account show --token main --account nothing

# What does not go together; what is not so.
want 1 account create --token main --name x --kernel-version 0.3.1 --pin-file pin
echo 'valetkey: say who owns the account: --owner-key URI or --owner ADDRESS|POINT' | err
want 1 account create --token main --name x --owner "$owner" --pin-file pin
want 1 account create --token main --name "$owner" --kernel-version 0.3.1 --owner "$owner" --pin-file pin
want 2 account create --token main --name home --kernel-version 0.3.1 --owner "$owner" --pin-file pin
err <<'EOF'
valetkey: the token "main" keeps an account "home" already
valetkey: choose another --name
EOF
want 2 account create --token main --name x --kernel-version 0.3.1 --owner "$owner" --index 1 \
    --account "$(session .account)" --pin-file pin
want 2 account create --token main --name x --kernel-version 0.2.4 --owner "$owner" \
    --validator multichain --pin-file pin
grep -q 'cannot be owned through a validator "multichain"' err || fail "another message"
want 2 account create --token main --name x --kernel-version 0.3.1 --owner "$admin" \
    --owner-key "$uri" --pin-file pin
echo "valetkey: the key of --owner-key is $owner, not --owner" | err
want 1 account create --token main --name x --kernel-version 0.3.1 --owner "$owner" \
    --factory "$owner" --pin-file pin
want 5 account create --token main --name x --kernel-version 0.3.1 \
    --owner-key "${uri/object=owner/object=nobody}" --pin-file pin
want 4 account create --token main --name x --kernel-version 0.3.1 --owner "$owner"

# Nobody but its owner makes Kernel of an address.
script eth_getCode '{"result": "0x"}'
script eth_chainId '{"result": "0x2105"}'
script eth_supportedEntryPoints "{\"result\": [\"$entry_point\"]}"
jq -R '{"8453": {node: {url: .}, bundler: {url: .}}}' url >"$VALETKEY_HOME/chains.json"
echo '[{"type":"sudo"}]' >policy.json
want 0 session create --token main --label bot --account eoa --chain-id 8453 --policy policy.json --lint off \
    --owner-key "$uri&pin-source=file:$work/pin" --pin-file pin
next_nonce 0
want 5 send --token main --label bot --call 0x1111111111111111111111111111111111111111,1 --pin-file pin
err <<'EOF'
valetkey: the account is not deployed on chain 8453, and the grant does not say how
valetkey: its owner has to delegate the address to 0xd6CEDDe84be40893d153Be9d467CD6aD37875b28 first (EIP-7702), with his wallet
EOF

# An object that says something else than what it is made of. pkcs11-tool, where there is one, cannot
# load a module with sanitizers.
if ! command -v pkcs11-tool >/dev/null || ! pkcs11-tool --module "$VALETKEY_MODULE" -L >/dev/null 2>&1; then
    finish
    exit 0
fi
write_object() {
    "${quick[@]}" pkcs11-tool --module "$VALETKEY_MODULE" --token-label main --login --pin user-pin-1 \
        --write-object "$1" --type data --label "$2" \
        --application-label valetkey-smart-account >/dev/null 2>&1 || fail "pkcs11-tool"
}
want 0 account show --token main --account home --json
jq -c 'del(.name, .validatorAddress) | .index = "1"' out >forged.json
write_object forged.json forged
want 2 account show --token main --account forged
grep -q '^valetkey: the account on the token does not hold: account: it says 0x' err || fail "another message"
want 0 account list --token main
grep -q '^forged  *changed outside: it says 0x' out || fail "another row"
want 0 account remove --token main --account forged --pin-file pin
jq -c '.index = "0" | .ownerKey = "pkcs11:token=cold?module-path=/tmp/evil.so"' forged.json >evil.json
write_object evil.json evil
want 2 account show --token main --account evil
grep -q 'must not have a module-path' err || fail "another message"
finish
