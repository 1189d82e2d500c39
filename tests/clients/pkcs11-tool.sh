#!/usr/bin/env bash
# pkcs11-tool on a token of its own: set-up, --test, and ECDSA on sudo keys of both curves, verified
# with OpenSSL. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VALETKEY_HOME=$work/tokens
module=$VALETKEY_BUILD/.libs/valetkey-pkcs11.so
printf 'so-pin-1234' >"$work/so-pin"
printf 'user-pin-1234' >"$work/pin"
export TEST_PIN=user-pin-1234
tool() { pkcs11-tool --module "$module" --login --pin env:TEST_PIN "$@"; }

# sign_and_verify CURVE: one key pair, one digest, verified by OpenSSL from the exported public key.
sign_and_verify() {
    local curve=$1
    tool --keypairgen --key-type "EC:$curve" --label "key-$curve" --id "$2" >/dev/null 2>&1
    printf 'to be signed' | openssl dgst -sha256 -binary >"$work/digest"
    tool --sign --mechanism ECDSA --id "$2" --input-file "$work/digest" \
        --output-file "$work/signature" --signature-format openssl >/dev/null 2>&1
    tool --read-object --type pubkey --id "$2" --output-file "$work/public.der" >/dev/null 2>&1
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/public.der" -in "$work/digest" \
        -sigfile "$work/signature" | grep -q 'Verified Successfully' ||
        die "the $curve signature does not verify"
    echo "$curve: signed with pkcs11-tool, verified with OpenSSL"
}

"$VALETKEY_BUILD/valetkey" --module "$module" token init --label sudo --default-policy sudo \
    --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
sign_and_verify secp256k1 01
sign_and_verify prime256v1 02
tool --test >"$work/test.out" 2>&1 || {
    cat "$work/test.out"
    die "pkcs11-tool --test failed"
}
grep -q 'No errors' "$work/test.out" || {
    cat "$work/test.out"
    die "pkcs11-tool --test reports errors"
}
echo "pkcs11-tool --test --login: no errors"
