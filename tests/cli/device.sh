#!/bin/bash
# A session key on a security key: made there, approved by an ECDSA owner, signing in enable mode and
# after it. The authenticator is tests/authenticator's.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
unset VALETKEY_FIDO2
authenticator=$VK_TEST_BUILDDIR/tests/authenticator/authenticator
[ -x "$authenticator" ] || exit 77

mkdir -m 700 "$VALETKEY_HOME"
printf 'fido2 = configured\nfido2-timeout = 5\nfido2-device = unix:%s/key\n' "$work" \
    >"$VALETKEY_HOME/valetkey.conf"
"$authenticator" --socket "$work/key" --control "$work/control" --pin 1234 >ready &
trap 'kill $!; rm -rf "$work"' EXIT
for _ in {1..100}; do
    [ -s ready ] && break
    sleep 0.1
done
echo 1234 >device-pin
device=(--token 'FIDO2 security key')

want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
session .policies >policy.json

# The key, with its policy.
want 0 key create "${device[@]}" --label bot --type p256 --policy policy.json \
    --rp-id agent.example --pin-file device-pin --json
want 0 key show "${device[@]}" --label bot --json
cat out

# Approved by an ECDSA owner, it signs: the operations of the SDK's session, with this key's nonces.
permission=$(jq -r .permissionId out)
owner=$(session .owner.address)
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
want 0 approve "${device[@]}" --label bot --chain-id 31337 --kernel-version 0.3.1 --owner "$owner" \
    --owner-key "$uri" --output account.txt --pin-file device-pin
# operation MODE SEQUENCE: the first operation with a nonce of this key's.
operation() {
    session '.operations[0].userOp' |
        jq --arg nonce "0x$1$2" '.nonce = $nonce'
}
nonce() {
    printf '0x%s02%s%032x%04x%016x' "$1" "${permission#0x}" 0 0 "$2"
}
session '.operations[0].userOp' | jq --arg nonce "$(nonce 01 0)" '.nonce = $nonce' >op.json
cat op.json
want 0 explain "${device[@]}" --label bot --input op.json
cat out
want 0 sign "${device[@]}" --label bot --input op.json --pin-file device-pin
cat out err
