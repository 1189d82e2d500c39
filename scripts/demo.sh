#!/usr/bin/env bash
# From nothing to a session key that signs only what its owner allowed: installs, builds, and plays
# two sessions that the ZeroDev SDK made (tests/vectors/session) with pkcs11-tool and valetkey.
# Exit status 0 only if every signature and every refusal was the chain's.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

build_dir=${VALETKEY_BUILD:-$root/build/demo}
# shellcheck disable=SC2086
install_packages $build_packages $demo_packages
if [ -z "${VALETKEY_BUILD:-}" ] && is_configured_in_place; then
    build_dir=$root
    say "Building valetkey where it is configured, in $root"
    build "$build_dir"
elif [ -z "${VALETKEY_BUILD:-}" ]; then
    say "Building valetkey in ${build_dir#"$root"/}"
    bootstrap
    build "$build_dir"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VALETKEY_HOME=$work/tokens
export VALETKEY_ANCHOR_DIR=$work/anchors
export VALETKEY_MODULE=$build_dir/.libs/valetkey-pkcs11.so
valetkey() { "$build_dir/valetkey" "$@"; }

# PINs in files, as a service would have them; pkcs11-tool takes them from its environment.
printf 'demo-so-pin' >"$work/so-pin"
printf 'demo-user-pin' >"$work/pin"
chmod 600 "$work/so-pin" "$work/pin"
DEMO_PIN=$(cat "$work/pin")
export DEMO_PIN
tool() { pkcs11-tool --module "$VALETKEY_MODULE" --token-label demo "$@" 2>&1; }
user() { tool --login --pin env:DEMO_PIN "$@"; }

CKM_VALETKEY_USEROP_SESSION=0x80564B02
# CKR_FUNCTION_REJECTED is 0x200; pkcs11-tool 0.23 does not know its name.
failures=0
signed=0
refused=0

wrong() {
    printf '  WRONG: %s\n' "$*"
    failures=$((failures + 1))
}

session() { jq -r "$1" "$root/tests/vectors/session/$file.json"; }

import_session() {
    session .serializedAccount >"$work/account.txt"
    session .session.privateKey >"$work/session.key"
    chmod 600 "$work/session.key"
    valetkey key import --label "$label" --id "$id" --key-file "$work/session.key" \
        --serialized "$work/account.txt" --chain-id "$(session .chainId)" \
        --pin-file "$work/pin" "$@"
    rm "$work/session.key"
}

# The public rest of the signature, around the session key's part. Hex case aside it is the SDK's text.
attach() {
    valetkey userop attach --label "$label" --input "$work/op.json" --session-part "$work/part"
}

# part OFFSET LENGTH: bytes of the session part, as hex.
part() { od -An -v -tx1 -j "$1" -N "$2" "$work/part" | tr -d ' \n'; }
number() { printf '%d' "0x$(part "$1" 32 | tail -c 12)"; }
to_bytes() { printf '%b' "$(sed 's/../\\x&/g')"; }

# Verifies the assertion in the session part with OpenSSL, knowing only the public key.
verify_assertion() {
    local at=1 auth client
    auth=$((at + $(number $at)))
    client=$((at + $(number $((at + 32)))))
    part $((auth + 32)) "$(number $auth)" | to_bytes >"$work/authenticatorData"
    part $((client + 32)) "$(number $client)" | to_bytes >"$work/clientDataJSON"
    cat >"$work/signature.cnf" <<EOF
asn1=SEQUENCE:signature
[signature]
r=INTEGER:0x$(part $((at + 96)) 32)
s=INTEGER:0x$(part $((at + 128)) 32)
EOF
    openssl asn1parse -genconf "$work/signature.cnf" -noout -out "$work/signature.der"
    openssl dgst -sha256 -binary "$work/clientDataJSON" |
        cat "$work/authenticatorData" - >"$work/signed"
    openssl dgst -sha256 -verify "$work/public.pem" -signature "$work/signature.der" \
        "$work/signed" >/dev/null || return 1
    # The challenge is the operation's hash.
    local challenge
    challenge=$(jq -r .challenge "$work/clientDataJSON" | tr '_-' '/+')=
    [ "0x$(printf '%s' "$challenge" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')" = \
        "$(session ".operations[$i].userOpHash")" ]
}

public_key_of_session() {
    { printf '3059301306072a8648ce3d020106082a8648ce3d03010703420004'
        session '.session.x + .session.y' | sed 's/0x//g' | tr -d '\n'
    } | to_bytes | openssl pkey -pubin -inform DER -out "$work/public.pem"
}

judge_signed() {
    if [ "$(session ".operations[$i].verdict.accept")" != true ]; then
        wrong "signed, but the chain rejected it"
    elif [ "$file" = ecdsa ]; then
        if [ "$(attach)" = "$(session ".operations[$i].signature | ascii_downcase")" ]; then
            echo "  signed: byte for byte the signature of the SDK"
        else
            wrong "the signature differs from the SDK's"
        fi
    elif verify_assertion && [ -n "$(attach)" ]; then
        echo "  signed: OpenSSL verifies the assertion, its challenge is the operation's hash"
    else
        wrong "the assertion does not verify"
    fi
    signed=$((signed + 1))
}

judge_refused() {
    local reason
    reason=$(valetkey key show --label "$label" --json | jq -r .lastDenial)
    if [ "$(session ".operations[$i].verdict.accept")" = true ]; then
        wrong "refused, but the chain accepted it: $reason"
    elif ! grep -q 'rv = .*(0x200)' "$work/out"; then
        wrong "failed otherwise: $(tail -n 1 "$work/out")"
    else
        echo "  refused by rule ${reason%%: *}: ${reason#*: }"
    fi
    refused=$((refused + 1))
}

play_operations() {
    local count
    count=$(session '.operations | length')
    for ((i = 0; i < count; i++)); do
        printf '%2d. %s\n' $((i + 1)) "$(session ".operations[$i].name")"
        session ".operations[$i].userOp" >"$work/op.json"
        rm -f "$work/part"
        if user --sign --mechanism $CKM_VALETKEY_USEROP_SESSION --id "$id" \
            --input-file "$work/op.json" --output-file "$work/part" >"$work/out" &&
            [ -s "$work/part" ]; then
            judge_signed
        else
            judge_refused
        fi
    done
    [ "$count" = 11 ] || wrong "$count operations in the session, not 11"
}

say "A token"
valetkey token init --label demo --so-pin-file "$work/so-pin" --pin-file "$work/pin"
valetkey token list

say "A session key that the SDK made and its owner approved moves in"
file=ecdsa label=usdc-bot id=01
import_session

say "Any PKCS#11 client sees it (pkcs11-tool --list-objects)"
user --list-objects | tee "$work/out"
grep -q 'Private Key Object; EC' "$work/out" || wrong "pkcs11-tool does not list the key"

say "... and reads its policy (pkcs11-tool --read-object)"
tool --read-object --type data --label "$label" --application-label valetkey-policy \
    --output-file "$work/policy.json" >/dev/null
jq -c '(.policies? // .)[] | (.policyParams? // .) | {type} + del(.abi, .permissions[]?.abi)' \
    "$work/policy.json"
echo
valetkey key show --label "$label"

say "Eleven operations, signed with pkcs11-tool --sign"
play_operations

say "The same with a passkey session key (P-256, WebAuthn)"
file=passkey label=usdc-passkey id=02
import_session --type p256 --rp-id "$(session .session.rpId)" --origin "$(session .session.origin)" \
    --authenticator-id "$(session .session.authenticatorId)"
public_key_of_session
play_operations

say "Result"
echo "$signed operations signed, $refused refused, $failures wrong"
[ $failures = 0 ] && [ $signed = 8 ] && [ $refused = 14 ] || die "The demo failed."
cat <<EOF

What next
  Install:      (cd ${build_dir#"$PWD"/} && sudo make install)
  Your token:   valetkey token init --label bots
  A new key:    valetkey key create --label my-bot --type secp256k1 --policy policy.json
  The approval: valetkey approve --label my-bot --chain-id 8453 --kernel-version 0.3.1 --owner 0x...
  Before you sign: valetkey explain --label my-bot --input op.json
  Read on:      man valetkey, doc/guide.md
EOF
