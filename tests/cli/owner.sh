#!/bin/bash
# A key that is the account's owner: of several Kernel versions it signs what the SDK's owner does,
# and keeps the policy that nobody else keeps; the command says so.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/pairing.sh"
kept=${kept/plug-in:/plug-in for its owner:}

want 0 token init --label main --so-pin-file so-pin --pin-file pin
payments
secret 12 >key.hex

# owner VERSION MEMBERS...: the key as the owner of an account of that version.
owner() {
    version=$1
    shift
    want 0 key import --label "$version" --key-file key.hex --policy policy.json --pin-file pin --lint off
    want 0 approve --label "$version" --chain-id 10 --kernel-version "$version" --as-owner "$@" \
        --pin-file pin --json
    account=$(jq -r .account out)
    json '[.kind, .keptBy, .preInstalled, .typedData, .digest]' '["owner","token",false,null,null]'
}

# Kernel 0.2.4, EntryPoint 0.6.
owner 0.2.4 --index 3
operation 0.2.4 "$(paid 5)" 0
owned
signed 0.2.4 "$expected"
by_tool 0.2.4 op.json "$expected"
case $expected in 0x00000000*) ;; *) fail "no root mode" ;; esac
want 0 key show --label 0.2.4 --json
cp out key.json
json '.grants | map([.kind, .keptBy, .account, .kernelVersion])' \
    "[[\"owner\",\"token\",\"$account\",\"0.2.4\"]]"
want 0 key show --label 0.2.4
out <<EOF
0.2.4
  type           secp256k1
  address        $(jq -r .address key.json)
  id             $(jq -r .id key.json)
  permissionId   $(jq -r .permissionId key.json)
Policy
  May call 0x00000000000000000000000000000000000000AA without data, with at most 5 wei a call.
  May spend at most 1000000 wei on gas in all.
Grants
  chain 10, account $account, Kernel 0.2.4, EntryPoint 0.6
    owner        the key is the owner
    limits       $kept
    gas left     0.0000000000009 of 0.000000000001 ether
EOF
operation 0.2.4 "$(paid 6)" 1
want 3 explain --label 0.2.4 --input op.json
head -n 1 out >first && mv first out
echo 'Refused: 6 wei of native value is over the limit of 5 wei.' | out
want 3 explain --label 0.2.4 --input op.json --json
json '[.kind, .keptBy, .kernelVersion, .rule, .chainError]' '["owner","token","0.2.4","call",null]'
json .nonce '{"key":"0x000000000000000000000000000000000000000000000000","sequence":1,"text":"key 0x0, sequence 1"}'
want 3 sign --label 0.2.4 --input op.json --pin-file pin
err <<'EOF'
valetkey: refused: call: 6 wei of native value is over the limit of 5 wei
valetkey: "valetkey explain" shows what each rule says
EOF
# Of a message the token would keep nothing.
no_messages owner --label 0.2.4
want 0 key remove --label 0.2.4 --pin-file pin

# Kernel 0.3.3, EntryPoint 0.7.
owner 0.3.3
operation 0.3.3 "$(paid 5)" 0
oracle validators '{kernelVersion: "0.3.3", entryPointVersion: "0.7", kind: "ecdsa"}' .signature
signed 0.3.3 "$expected"
operation 0.3.3 "$(paid 5)" 0x0002bed801e00000000000000000000000000000000000000000000000000000
want 3 sign --label 0.3.3 --input op.json --pin-file pin
grep -q '^valetkey: refused: nonce: ' err || fail "another message"
want 0 key remove --label 0.3.3 --pin-file pin

# v1 puts nothing in front; its account must be named.
want 0 key import --label v1 --key-file key.hex --policy policy.json --pin-file pin --lint off
want 1 approve --label v1 --chain-id 10 --kernel-version v1 --as-owner --pin-file pin
err <<'EOF'
valetkey: the address of such an account is not computed here: give --account ADDRESS
EOF
want 0 key remove --label v1 --pin-file pin
owner v1 --account 0x00000000000000000000000000000000000000cc
operation v1 "$(paid 5)" 0
owned
signed v1 "0x${expected#0x00000000}"
by_tool v1 op.json "0x${expected#0x00000000}"
want 1 approve --label v1 --chain-id 11 --kernel-version v1 --pin-file pin --account "$account"
grep -q 'its owner.s key is approved with --as-owner' err || fail "another message"
want 1 approve --label v1 --chain-id 11 --kernel-version 0.3.3 --as-owner --owner "$account"
err <<'EOF'
valetkey: --owner is for keys that are not the owner themselves only
EOF
finish
