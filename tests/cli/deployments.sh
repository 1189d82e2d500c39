#!/bin/bash
# Permissions of Kernel 0.3.0, and of own deployments for EntryPoint 0.8 and 0.9, which no factory is
# published for: approved, installed and used as the library does it.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/pairing.sh"
kept=

want 0 token init --label main --default-policy sudo --so-pin-file so-pin --pin-file pin
payments
secret 34 >owner.hex
secret 56 >key.hex
want 0 key import --label owner --key-file owner.hex --pin-file pin
want 0 key show --label owner --json
owner=$(jq -r .address out)
uri="pkcs11:token=main;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"

# lane MODE: a nonce of the permission, in default (00) or enable (01) mode, sequence 0.
lane() {
    printf '0x%s02%s%052d' "$1" "${id#0x}" 0
}
# approved: what the library makes of op.json with the key and the owner's. $in: version and account.
approved() {
    oracle enable "$in + {sudo: \"ecdsa\", signer: {type: \"ecdsa\", sessionPrivateKey: \"0x$(cat key.hex)\"},
        policies: $(jq -c . policy.json), flag: \"0x0000\", accountCurrentNonce: 1} + $1" .signature owner.hex
}

# deployment VERSION ENTRYPOINT OPTION...
deployment() {
    local version=$1 entry=$2
    shift 2
    want 0 key import --label session --key-file key.hex --policy policy.json --pin-file pin --lint off
    want 0 approve --label session --chain-id 10 --kernel-version "$version" --owner "$owner" "$@" \
        --owner-key "$uri" --pin-file pin --lint off --json
    account=$(jq -r .account out)
    json '[.kind, .keptBy, .kernelVersion]' "[\"permission\",\"account\",\"$version\"]"
    want 0 key show --label session --json
    id=$(jq -r .permissionId out)
    in="{kernelVersion: \"$version\", entryPointVersion: \"$entry\", account: \$account}"
    operation "$version" "$(paid 5)" "$(lane 01)"
    approved '{}'
    signed session "$expected"
    operation "$version" "$(paid 5)" "$(lane 00)"
    approved '{installed: true}'
    signed session "$expected"
    by_tool session op.json "$expected"
    want 0 explain --label session --input op.json --json
    json '[.kernelVersion, .keptBy]' "[\"$version\",\"account\"]"
    operation "$version" "$(paid 6)" "$(lane 00)"
    want 3 sign --label session --input op.json --pin-file pin
    want 0 key remove --label session --pin-file pin
    kept "$version" "$@"
}
# kept VERSION OPTION...: the same by an account that the token keeps.
kept() {
    local version=$1
    shift
    want 0 account create --name kept --kernel-version "$version" --owner "$owner" "$@" --pin-file pin
    want 0 key import --label session --key-file key.hex --policy policy.json --pin-file pin --lint off
    want 0 session create --label session --account kept --chain-id 10 --policy policy.json \
        --owner-key "$uri" --pin-file pin --lint off
    operation "$version" "$(paid 5)" "$(lane 01)"
    approved '{}'
    signed session "$expected"
    want 0 key remove --label session --pin-file pin
    want 0 account remove --account kept --pin-file pin
}

deployment 0.3.0 0.7 --index 0
own=0x1111111111111111111111111111111111111111
deployment 0.3.3 0.8 --entry-point 0.8 --account "$own"
deployment 0.3.1 0.9 --entry-point 0.9 --account "$own"
want 0 account create --name eoa --kernel-version 0.3.3 --owner "$owner" --eip7702 --pin-file pin
want 0 key import --label session --key-file key.hex --policy policy.json --pin-file pin --lint off
want 0 session create --label session --account eoa --chain-id 10 --policy policy.json \
    --owner-key "$uri" --pin-file pin --lint off
account=$owner in="{kernelVersion: \"0.3.3\", entryPointVersion: \"0.7\", account: \$account}"
operation 0.3.3 "$(paid 5)" "$(lane 01)"
approved '{}'
signed session "$expected"
want 0 key remove --label session --pin-file pin

# Nothing can be computed of an own deployment.
want 0 key import --label session --key-file key.hex --policy policy.json --pin-file pin --lint off
want 2 approve --label session --chain-id 10 --kernel-version 0.3.3 --entry-point 0.8 --owner "$owner" \
    --index 0
grep -q 'no deployment of Kernel 0.3.3 for EntryPoint 0.8 is published' err || fail "another message"
want 2 approve --label session --chain-id 10 --kernel-version 0.3.3 --entry-point 0.6 --owner "$owner"
want 2 approve --label session --chain-id 10 --kernel-version 0.2.4 --entry-point 0.7 --owner "$owner" \
    --account "$own"
finish
