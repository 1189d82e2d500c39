#!/usr/bin/env bash
# pkcs11-tool (OpenSC): its own tests, keys that it makes, uses and deletes, and session keys: by the
# vendor mechanism and the standard way. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# ---- A token of its own ----

must pkcs11-tool --module "$module" --init-token --slot 0 --label own --so-pin so-pin-1234
must pkcs11-tool --module "$module" --token-label own --login --login-type so \
    --so-pin so-pin-1234 --init-pin --pin user-pin-1234
must tool --token-label own --keypairgen --key-type EC:prime256v1 --label first --id 01
must_fail CKR_KEY_FUNCTION_NOT_PERMITTED tool --token-label own --sign --mechanism ECDSA --id 01 \
    --input-file "$work/so-pin"
echo "made a token and a key, which without a policy signs nothing"
rm -rf "$VALETKEY_HOME"

# ---- Its tests ----

new_token sudo
must pkcs11-tool --module "$module" --test-fork
# --test-ec tests SHA-1 as well, and then SHA-2.
for curve in secp256k1 prime256v1; do
    must tool --test-ec --session-rw --id 71 --key-type "EC:$curve"
done
must tool --test
says 'No errors'
echo "--test, --test-ec on both curves, --test-fork: no errors"

# ---- Keys ----

# make_use_delete CURVE ID
make_use_delete() {
    must tool --keypairgen --key-type "EC:$1" --label "key-$1" --id "$2"
    printf 'to be signed' | openssl dgst -sha256 -binary >"$work/digest"
    must tool --sign --mechanism ECDSA --id "$2" --input-file "$work/digest" \
        --output-file "$work/signature" --signature-format openssl
    public_key "$2" >"$work/public.der"
    verified "$work/public.der" "$work/digest" "$work/signature"
    must tool --verify --mechanism ECDSA --id "$2" --input-file "$work/digest" \
        --signature-file "$work/signature" --signature-format openssl
    says 'Signature is valid'
    must tool --delete-object --type privkey --id "$2"
    must tool --delete-object --type pubkey --id "$2"
    must tool --list-objects
    says_not "key-$1"
}
make_use_delete secp256k1 01
make_use_delete prime256v1 02
openssl ecparam -name secp256k1 -genkey -noout -outform DER -out "$work/mine.der"
must tool --write-object "$work/mine.der" --type privkey --label mine --id 03
must tool --sign --mechanism ECDSA-SHA256 --id 03 --input-file "$work/pin" \
    --output-file "$work/signature" --signature-format openssl
openssl dgst -sha256 -verify <(openssl ec -inform DER -in "$work/mine.der" -pubout 2>/dev/null) \
    -signature "$work/signature" "$work/pin" >/dev/null || die "the written key signs wrongly"
echo "made, wrote, used and deleted keys of both curves; OpenSSL verified"
rm -rf "$VALETKEY_HOME"

# ---- Session keys ----

session_token
operation ecdsa 0
must tool --sign --mechanism 0x80564B02 --id 01 --input-file "$work/op.json" \
    --output-file "$work/part"
judge_ecdsa 0 "$work/part"
operation ecdsa 2
must_fail 'rv = .*(0x200)' tool --sign --mechanism 0x80564B02 --id 01 \
    --input-file "$work/op.json" --output-file "$work/part"
[ "$(last_denial usdc)" = "call: 100.000001 USDC is over the limit of 100" ] ||
    die "the reason is $(last_denial usdc)"
echo "vendor mechanism: signed as the SDK, refused what the policy refuses"

sign_both 0
must_fail CKR_KEY_FUNCTION_NOT_PERMITTED sign_digest 02
operation ecdsa 2
must_fail 'rv = .*(0x200)' tool --write-object "$work/op.json" --type data --label usdc \
    --application-label valetkey-userop
must tool --list-objects --type data
says_not 'valetkey-userop\|valetkey-digest'
# Two operations wait at the same time; another digest, which pkcs11-tool tries twice, changes nothing.
operation ecdsa 1
write_operation usdc --application-id 1.2.1
operation ecdsa 7
write_operation usdc --application-id 1.2.7
head -c 32 /dev/zero >"$work/digest"
must_fail 'rv = .*(0x200)' sign_digest 01
for i in 1 7; do
    operation ecdsa $i
    read_waiting valetkey-digest usdc "$work/digest" --application-id 1.2.$i
    must sign_digest 01
    judge_ecdsa $i "$work/rs"
done
must_fail CKR_KEY_FUNCTION_NOT_PERMITTED sign_digest 01
echo "standard way: both keys signed each operation once, and nothing else"
