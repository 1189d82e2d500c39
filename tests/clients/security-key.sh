#!/usr/bin/env bash
# pkcs11-tool and p11tool with a security key: the authenticator in software of tests/authenticator,
# through the module. What doc/security-keys.md says. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

unset VALETKEY_FIDO2
authenticator=$VALETKEY_BUILD/tests/authenticator/authenticator
[ -x "$authenticator" ] || die "$authenticator is not built: make check TESTS="
device='FIDO2 security key'
url=pkcs11:token=FIDO2%20security%20key
mkdir -m 700 "$VALETKEY_HOME"
printf 'fido2 = configured\nfido2-timeout = 10\nfido2-device = unix:%s/key\n' "$work" \
    >"$VALETKEY_HOME/valetkey.conf"
# With credBlob, most session parts have more than the 512 bytes that pkcs11-tool 0.23 takes: below.
"$authenticator" --socket "$work/key" --control "$work/control" --pin 1234 --no credBlob \
    >"$work/ready" &
servers+=($!)
wait_for grep -q ready "$work/ready"
tell() { "$authenticator" --tell "$work/control" "$1" >"$work/told" || die "$1: $(cat "$work/told")"; }
export TEST_PIN=1234
printf 1234 >"$work/device-pin"
tool() { pkcs11-tool --module "$module" --token-label "$device" --login --pin env:TEST_PIN "$@"; }
gnutls() { GNUTLS_PIN=$TEST_PIN p11tool --provider "$module" --batch "$@"; }

# ---- It is a slot ----

must pkcs11-tool --module "$module" --list-slots
says 'security key at unix:'
says 'token flags *: login required, .*PIN initialized'
must gnutls --list-tokens
says "URL: $url\|token=FIDO2%20security%20key"
TEST_PIN=9999 must_fail CKR_PIN_INCORRECT tool --list-objects
must pkcs11-tool --module "$module" --list-slots
says 'user PIN count low'
must tool --change-pin --new-pin 123456
TEST_PIN=123456
printf 123456 >"$work/device-pin"
must_fail 'C_InitToken failed: .*(0x1b)' pkcs11-tool --module "$module" --slot 1 --init-token \
    --label x --so-pin 123456
echo "a slot: its PIN is asked for, counted and changed; it is not wiped"

# ---- Keys that any client makes ----

must tool --keypairgen --key-type EC:prime256v1 --label one --id 01
says 'Access: *sensitive, always sensitive, never extractable, local'
must_fail '(0x140)' tool --keypairgen --key-type EC:secp256k1 --label two --id 02
head -c 32 /dev/zero >"$work/digest"
must_fail CKR_KEY_FUNCTION_NOT_PERMITTED sign_digest 01
must gnutls --login --generate-privkey=ecc --curve=secp256r1 --label three \
    --outfile "$work/public.pem" "$url"
must gnutls --login --list-all-privkeys "$url"
says 'Private key (EC/ECDSA-SECP256R1)'
must gnutls --login --export-pubkey "$url;object=three;type=private" --outfile "$work/exported.pem"
diff "$work/exported.pem" "$work/public.pem" >/dev/null || die "another public key is exported than was made"
must_fail 'error in key' gnutls --login --test-sign "$url;object=three;type=private"
must gnutls --login --delete "$url;object=three;type=private"
must tool --delete-object --type privkey --id 01
# Their public halves are left.
must valetkey key list --token "$device"
says '^one '
says '^three '
echo "keys: made, listed, exported and deleted; none signs a digest"

# ---- A session key ----

session ecdsa .policies >"$work/policy.json"
session ecdsa .owner.privateKey >"$work/owner.hex"
valetkey token init --label cold --default-policy sudo --so-pin-file "$work/so-pin" \
    --pin-file "$work/pin" >/dev/null
valetkey key import --token cold --label owner --key-file "$work/owner.hex" \
    --pin-file "$work/pin" >/dev/null
must valetkey key create --token "$device" --label bot --id 04 --type p256 \
    --policy "$work/policy.json" --rp-id agent.example --pin-file "$work/device-pin"

# approve_it LABEL: by the owner on the other token; $permission is the key's.
approve_it() {
    permission=$(valetkey key show --token "$device" --label "$1" --json | jq -r .permissionId)
    must valetkey approve --token "$device" --label "$1" --chain-id 31337 --kernel-version 0.3.1 \
        --owner "$(session ecdsa .owner.address)" --pin-file "$work/device-pin" --owner-key \
        "pkcs11:token=cold;object=owner?module-path=$module&pin-source=file:$work/pin"
}
approve_it bot

# device_operation INDEX MODE SEQUENCE: an operation of the SDK's session, with this key's nonce.
device_operation() {
    local nonce
    nonce=$(printf '0x%s02%s%032x%04x%016x' "$2" "${permission#0x}" 0 0 "$3")
    session ecdsa ".operations[$1].userOp" | jq --arg nonce "$nonce" '.nonce = $nonce' \
        >"$work/op.json"
}
sign_part() {
    tool --sign --mechanism 0x80564B02 --id "${1:-04}" --input-file "$work/op.json" \
        --output-file "$work/part"
}
device_operation 0 01 0
must sign_part
must attach --token "$device" --label bot --session-part "$work/part"
grep -q '^0x' "$work/out" || die "the part makes no signature"
device_operation 0 00 1
must sign_part
must attach --token "$device" --label bot --session-part "$work/part"
device_operation 2 00 2
must_fail 'rv = .*(0x200)' sign_part
echo "session key: made and approved by the command, signs through pkcs11-tool"

# ---- What goes wrong ----

device_operation 0 00 3
tell 'touch denied'
must_fail 'rv = .*' sign_part
tell 'touch now'
must sign_part
tell unplug
must_fail . sign_part
tell plug
must sign_part
echo "a touch that is declined and a key that is pulled out: the next one signs"

# ---- A security key that signs the digest of the policy with each assertion ----

tell unplug
"$authenticator" --socket "$work/blob" --control "$work/blob-control" --pin 1234 >"$work/blob-ready" &
servers+=($!)
wait_for grep -q ready "$work/blob-ready"
echo "fido2-device = unix:$work/blob" >>"$VALETKEY_HOME/valetkey.conf"
TEST_PIN=1234
printf 1234 >"$work/device-pin"
# make_with ID LABEL ORIGIN
make_with() {
    must valetkey key create --token "$device" --label "$2" --id "$1" --type p256 --policy \
        "$work/policy.json" --rp-id ab.test --origin "$3" --pin-file "$work/device-pin"
    [ "$(valetkey key show --token "$device" --label "$2" --json | jq -r .devicePolicyDigest)" = \
        "0x$(sha256sum <"$work/policy.json" | cut -c 1-64)" ] || die "it keeps no digest"
    approve_it "$2"
}
make_with 05 short https://ab.test
device_operation 0 01 0
must sign_part 05
[ "$(stat -c %s "$work/part")" = 481 ] || die "the part has $(stat -c %s "$work/part") bytes, not 481"
must attach --token "$device" --label short --session-part "$work/part"
make_with 06 long https://abc.test
device_operation 0 01 0
must_fail CKR_BUFFER_TOO_SMALL sign_part 06
must valetkey sign --token "$device" --label long --session --input "$work/op.json" \
    --pin-file "$work/device-pin"
[ "$(tr -d '\n' <"$work/out" | wc -c)" = $((2 + 2 * 513)) ] || die "the part has not 513 bytes"
echo "with credBlob: an origin of 15 bytes signs through pkcs11-tool, one of 16 does not"
