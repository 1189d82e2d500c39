# Shared by the tests of other people's programs. Source it. $VALETKEY_BUILD is the build directory.
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

umask 077
everything=$(mktemp -d)
work=$everything
servers=()
finish() {
    local pid
    for pid in "${servers[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    rm -rf "$everything"
}
trap finish EXIT
unset VALETKEY_HIDE VALETKEY_DEBUG
export VALETKEY_HOME=$work/tokens
export VALETKEY_ANCHOR_DIR=$work/anchors
export VALETKEY_MODULE=$VALETKEY_BUILD/.libs/valetkey-pkcs11.so
export TEST_PIN=user-pin-1234
module=$VALETKEY_MODULE # what tool() loads
printf 'so-pin-1234' >"$work/so-pin"
printf '%s' "$TEST_PIN" >"$work/pin"
valetkey() { "$VALETKEY_BUILD/valetkey" "$@"; }

# library NAME: the path of one of Debian's modules or of its engine.
library() {
    local path
    path=$(find /usr/lib -name "$1" | head -n 1)
    [ -n "$path" ] || die "$1 is not installed"
    printf '%s' "$path"
}

# not_run WHAT: and the runner does not count the test among those that passed.
not_run() {
    echo "NOT RUN: $*"
    exit 77
}

# ---- What programs say ----

# quiet COMMAND...: what it prints goes to $work/out.
quiet() { "$@" >"$work/out" 2>&1; }
must() { quiet "$@" || { tail -n 30 "$work/out" && die "failed: $*"; }; }
# must_fail TEXT COMMAND...: it fails and says so.
must_fail() {
    local text=$1
    shift
    quiet "$@" && die "succeeded: $*"
    says "$text"
}
says() { grep -qe "$1" "$work/out" || { tail -n 30 "$work/out" && die "\"$1\" is not said"; }; }
says_not() { ! grep -qe "$1" "$work/out" || { tail -n 30 "$work/out" && die "\"$1\" is said"; }; }

# wait_for CONDITION...: for ten seconds at most.
wait_for() {
    local i
    for ((i = 0; i < 100; i++)); do
        ! "$@" 2>/dev/null || return 0
        sleep 0.1
    done
    die "in vain: $*"
}

# ---- Tokens ----

# new_token LABEL: its keys get the sudo policy, so they sign what they are given.
new_token() {
    valetkey token init --label "$1" --default-policy sudo --so-pin-file "$work/so-pin" \
        --pin-file "$work/pin" >/dev/null
}

# new_key LABEL ID secp256k1|p256
new_key() {
    valetkey key create --label "$1" --id "$2" --type "$3" --pin-file "$work/pin" >/dev/null
}

tool() { pkcs11-tool --module "$module" --login --pin env:TEST_PIN "$@"; }

# public_key ID: the listed EC_POINT in a SubjectPublicKeyInfo, as DER. pkcs11-tool 0.23 has
# --read-object --type pubkey for that, but uses memory there that it freed before, so that it
# fails or not as the heap happens to be.
public_key() {
    local head point params
    quiet tool --list-objects --type pubkey
    read -r point params <<<"$(awk -v id="$1" '/EC_POINT:/ { point = $2 } /EC_PARAMS:/ { params = $2 }
        $1 == "ID:" && $2 == id { print point, params }' "$work/out")"
    case $params in
    06052b8104000a) head=3056301006072a8648ce3d020106052b8104000a034200 ;;
    06082a8648ce3d030107) head=3059301306072a8648ce3d020106082a8648ce3d030107034200 ;;
    *) die "the public key $1 is not listed" ;;
    esac
    point=${point#0441}
    [ ${#point} = 130 ] || die "the public key $1 has the point $point"
    bytes "$head$point"
}

# bytes HEX: as they are.
bytes() {
    # shellcheck disable=SC2059
    printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"
}

# verified PUBLIC-DER DIGEST-FILE SIGNATURE-FILE: by OpenSSL; the signature is in DER.
verified() {
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$1" -in "$2" -sigfile "$3" |
        grep -q 'Verified Successfully' || die "the signature does not verify"
}

# raw_signature DER-FILE: r and s, 32 bytes each, as 0x hex.
raw_signature() {
    openssl asn1parse -inform DER -in "$1" |
        awk -F: '/INTEGER/ { n = tolower($NF); while (length(n) < 64) n = "0" n
            hex = hex substr(n, length(n) - 63) } END { printf "0x%s", hex }'
}

# ---- OpenSSL with libp11's engine ----

cat >"$work/openssl.cnf" <<EOF
openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = $module
init = 0
[req]
distinguished_name = name
[name]
EOF
key_of() { printf 'pkcs11:token=%s;object=%s;type=private?pin-source=%s/pin' "$1" "$2" "$work"; }
with_engine() {
    local command=$1
    shift
    OPENSSL_CONF=$work/openssl.cnf openssl "$command" -engine pkcs11 -keyform engine "$@"
}

# self_signed TOKEN LABEL ARGUMENT...: a certificate of the key for itself.
self_signed() {
    local token=$1 label=$2
    shift 2
    must with_engine req -new -x509 -sha256 -days 30 -subj /CN=localhost \
        -key "$(key_of "$token" "$label")" "$@"
}

# ---- Sessions that the SDK made ----

# session FILE FILTER: a value of tests/vectors/session.
session() { jq -r "$2" "$root/tests/vectors/session/$1.json"; }

import_session() {
    local file=$1 label=$2 id=$3
    shift 3
    session "$file" .serializedAccount >"$work/account"
    session "$file" .session.privateKey >"$work/key"
    valetkey key import --label "$label" --id "$id" --key-file "$work/key" --chain-id 31337 \
        --serialized "$work/account" --pin-file "$work/pin" --lint off "$@" >/dev/null
    rm "$work/key"
}

# session_token: the token "main" with the keys "usdc" (secp256k1, CKA_ID 01) and "pass" (P-256, 02).
session_token() {
    valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
    import_session ecdsa usdc 01
    import_session passkey pass 02 --type p256 --rp-id "$(session passkey .session.rpId)" \
        --origin "$(session passkey .session.origin)" \
        --authenticator-id "$(session passkey .session.authenticatorId)"
}

# operation FILE INDEX: into $work/op.json.
operation() { session "$1" ".operations[$2].userOp" >"$work/op.json"; }

last_denial() { valetkey key show --label "$1" --json | jq -r .lastDenial; }
attach() { valetkey userop attach --input "$work/op.json" "$@"; }

# judge_finished INDEX SIGNATURE: it is the SDK's, which is also that of the token.
judge_finished() {
    local expected
    expected=$(session ecdsa ".operations[$1].signature" | tr A-F a-f)
    [ "$2" = "$expected" ] || die "operation $1: another signature than the SDK's"
    [ "$(valetkey sign --label usdc --input "$work/op.json" --pin-file "$work/pin")" = \
        "$expected" ] || die "operation $1: another signature than that of valetkey sign"
}

# judge_ecdsa INDEX PART: the session's part makes that signature.
judge_ecdsa() { judge_finished "$1" "$(attach --label usdc --session-part "$2")"; }

# judge_passkey INDEX PART ASSERTION-FILE: attach verifies the assertion before it answers.
judge_passkey() {
    attach --label pass --session-part "$2" --assertion "$3" >"$work/attached" ||
        die "operation $1: the assertion does not verify"
}

# ---- The standard way, of which pkcs11-tool does the first two steps ----

# write_operation LABEL ARGUMENT...
write_operation() {
    local label=$1
    shift
    must tool --write-object "$work/op.json" --type data --application-label valetkey-userop \
        --label "$label" "$@"
}

# read_waiting APPLICATION LABEL FILE ARGUMENT...
read_waiting() {
    local application=$1 label=$2 file=$3
    shift 3
    must tool --read-object --type data --application-label "$application" --label "$label" \
        --output-file "$file" "$@"
}

# wait_ecdsa INDEX, wait_passkey INDEX: the operation waits; its digest is in $work/digest.
wait_ecdsa() {
    operation ecdsa "$1"
    write_operation usdc
    read_waiting valetkey-digest usdc "$work/digest"
}
wait_passkey() {
    operation passkey "$1"
    write_operation pass
    read_waiting valetkey-digest pass "$work/digest"
    read_waiting valetkey-assertion pass "$work/assertion"
}

# sign_digest ID: $work/digest, into $work/rs.
sign_digest() {
    tool --sign --mechanism ECDSA --id "$1" --input-file "$work/digest" --output-file "$work/rs"
}

# sign_both INDEX: the operations with this number, of both keys.
sign_both() {
    wait_ecdsa "$1"
    must sign_digest 01
    judge_ecdsa "$1" "$work/rs"
    wait_passkey "$1"
    must sign_digest 02
    judge_passkey "$1" "$work/rs" "$work/assertion"
}

# judge_program INDEX PROGRAM...: it signs an operation of either key; its answer is judged.
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
