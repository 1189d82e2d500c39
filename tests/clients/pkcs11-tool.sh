#!/usr/bin/env bash
# pkcs11-tool on a token of its own: set-up, --test, and ECDSA on sudo keys of both curves, verified
# with OpenSSL. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VALETKEY_HOME=$work/tokens
export VALETKEY_ANCHOR_DIR=$work/anchors
module=$VALETKEY_BUILD/.libs/valetkey-pkcs11.so
printf 'so-pin-1234' >"$work/so-pin"
printf 'user-pin-1234' >"$work/pin"
export TEST_PIN=user-pin-1234
tool() { pkcs11-tool --module "$module" --login --pin env:TEST_PIN "$@"; }

# public_key CURVE ID: SubjectPublicKeyInfo around the listed EC_POINT. pkcs11-tool 0.23 has
# --read-object --type pubkey for that, but uses memory there that it freed before, so that it
# fails or not as the heap happens to be.
public_key() {
    local head point
    case $1 in
    secp256k1) head=3056301006072a8648ce3d020106052b8104000a034200 ;;
    prime256v1) head=3059301306072a8648ce3d020106082a8648ce3d030107034200 ;;
    esac
    point=$(tool --list-objects --type pubkey 2>/dev/null |
        awk -v id="$2" '/EC_POINT:/ { point = $2 } $1 == "ID:" && $2 == id { print point }')
    point=${point#0441}
    [ ${#point} = 130 ] || die "the $1 public key is not listed"
    # shellcheck disable=SC2059
    printf "$(printf '%s' "$head$point" | sed 's/../\\x&/g')"
}

# sign_and_verify CURVE: one key pair, one digest, verified by OpenSSL from the exported public key.
sign_and_verify() {
    local curve=$1
    tool --keypairgen --key-type "EC:$curve" --label "key-$curve" --id "$2" >/dev/null 2>&1
    printf 'to be signed' | openssl dgst -sha256 -binary >"$work/digest"
    tool --sign --mechanism ECDSA --id "$2" --input-file "$work/digest" \
        --output-file "$work/signature" --signature-format openssl >/dev/null 2>&1
    public_key "$curve" "$2" >"$work/public.der"
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
