# Shared by the tests of the standard way. Source it. Makes a token with the two session keys that
# the SDK made: "usdc" (secp256k1, CKA_ID 01) and "pass" (P-256, 02). $VALETKEY_BUILD is the build
# directory.
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

umask 077
work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
export VALETKEY_HOME=$work/tokens
export VALETKEY_ANCHOR_DIR=$work/anchors
export VALETKEY_MODULE=$VALETKEY_BUILD/.libs/valetkey-pkcs11.so
export TEST_PIN=user-pin-1234
printf 'so-pin-1234' >"$work/so-pin"
printf '%s' "$TEST_PIN" >"$work/pin"
valetkey() { "$VALETKEY_BUILD/valetkey" "$@"; }

# session FILE FILTER: a value of tests/vectors/session.
session() { jq -r "$2" "$root/tests/vectors/session/$1.json"; }

import_session() {
    local file=$1 label=$2 id=$3
    shift 3
    session "$file" .serializedAccount >"$work/account"
    session "$file" .session.privateKey >"$work/key"
    valetkey key import --label "$label" --id "$id" --key-file "$work/key" --chain-id 31337 \
        --serialized "$work/account" --pin-file "$work/pin" "$@" >/dev/null
}

valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
import_session ecdsa usdc 01
import_session passkey pass 02 --type p256 --rp-id "$(session passkey .session.rpId)" \
    --origin "$(session passkey .session.origin)" \
    --authenticator-id "$(session passkey .session.authenticatorId)"

# operation FILE INDEX: into $work/op.json.
operation() { session "$1" ".operations[$2].userOp" >"$work/op.json"; }

attach() { valetkey userop attach --input "$work/op.json" "$@"; }

# judge_ecdsa INDEX PART: r and s in PART make the SDK's signature, which is also that of the token.
judge_ecdsa() {
    local expected
    expected=$(session ecdsa ".operations[$1].signature" | tr A-F a-f)
    [ "$(attach --label usdc --session-part "$2")" = "$expected" ] ||
        die "operation $1: another signature than the SDK's"
    [ "$(valetkey sign --label usdc --input "$work/op.json" --pin-file "$work/pin")" = \
        "$expected" ] || die "operation $1: another signature than that of valetkey sign"
}

# judge_passkey INDEX PART ASSERTION-FILE: attach verifies the assertion before it answers.
judge_passkey() {
    attach --label pass --session-part "$2" --assertion "$3" >"$work/attached" ||
        die "operation $1: the assertion does not verify"
}

# judge_program PROGRAM...: runs an example for one operation of either key; its answer is judged.
judge_program() {
    local index=$1
    shift
    operation ecdsa "$index"
    "$@" main usdc "$work/op.json" <"$work/pin" >"$work/answer"
    judge_ecdsa "$index" "$(jq -r .signature "$work/answer")"
    operation passkey "$index"
    "$@" main pass "$work/op.json" <"$work/pin" >"$work/answer"
    jq .assertion "$work/answer" >"$work/assertion"
    judge_passkey "$index" "$(jq -r .signature "$work/answer")" "$work/assertion"
}
