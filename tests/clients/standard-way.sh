#!/usr/bin/env bash
# The standard way, as the guide tells it: operations written as data objects, their digests signed
# by CKM_ECDSA. With pkcs11-tool alone, with the guide's Python program, and with both of them
# through p11-kit server. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

module=$VALETKEY_MODULE
tool() { pkcs11-tool --module "$module" --login --pin env:TEST_PIN "$@" >"$work/out" 2>&1; }
must() { tool "$@" || { cat "$work/out" && die "failed: pkcs11-tool $*"; }; }
write() { must --write-object "$work/op.json" --type data --application-label valetkey-userop "$@"; }
# read_object APPLICATION FILE ARGUMENT...
read_object() {
    local application=$1 file=$2
    shift 2
    must --read-object --type data --application-label "$application" --output-file "$file" "$@"
}
sign() { tool --sign --mechanism ECDSA --id "$1" --input-file "$2" --output-file "$work/rs"; }
last_denial() { valetkey key show --label "$1" --json | jq -r .lastDenial; }

# sign_both INDEX: the operations with this number, of both keys.
sign_both() {
    operation ecdsa "$1"
    write --label usdc
    read_object valetkey-digest "$work/digest" --label usdc
    sign 01 "$work/digest" || { cat "$work/out" && die "operation $1 is not signed"; }
    judge_ecdsa "$1" "$work/rs"
    operation passkey "$1"
    write --label pass
    read_object valetkey-digest "$work/digest" --label pass
    read_object valetkey-assertion "$work/assertion" --label pass
    sign 02 "$work/digest" || { cat "$work/out" && die "operation $1 is not signed"; }
    judge_passkey "$1" "$work/rs" "$work/assertion"
}

sign_both 0
echo "pkcs11-tool: both keys signed their first operations"

sign 01 "$work/digest" && die "a digest was signed that nobody waits for"
grep -q CKR_KEY_FUNCTION_NOT_PERMITTED "$work/out" || die "$(cat "$work/out")"
operation ecdsa 2
tool --write-object "$work/op.json" --type data --label usdc \
    --application-label valetkey-userop && die "an operation was accepted that the policy refuses"
[ "$(last_denial usdc)" = "call: 100.000001 USDC is over the limit of 100" ] ||
    die "the reason is $(last_denial usdc)"
tool --list-objects --type data
grep -q 'valetkey-userop\|valetkey-digest' "$work/out" && die "objects were left behind"
echo "pkcs11-tool: a refusal leaves its reason and no object"

# Two operations wait at the same time; another digest, which pkcs11-tool tries twice, changes nothing.
operation ecdsa 1
write --label usdc --application-id 1.2.1
operation ecdsa 7
write --label usdc --application-id 1.2.7
head -c 32 /dev/zero >"$work/zeros"
sign 01 "$work/zeros" && die "a digest was signed that stands for nothing"
for i in 1 7; do
    operation ecdsa $i
    read_object valetkey-digest "$work/digest" --label usdc --application-id 1.2.$i
    sign 01 "$work/digest" || { cat "$work/out" && die "operation $i is not signed"; }
    judge_ecdsa $i "$work/rs"
done
sign 01 "$work/digest" && die "a digest was signed twice"
echo "pkcs11-tool: two operations of a key waited, each was signed once"

python=(/usr/bin/python3 "$root/doc/examples/standard-way.py")
judge_program 1 "${python[@]}" "$module"
echo "PyKCS11: the guide's program signed for both keys"

(cd "$work" && exec p11-kit server --foreground --provider "$VALETKEY_MODULE" --name "$work/socket" \
    "pkcs11:token=main") >"$work/server.out" 2>&1 &
server=$!
for ((i = 0; i < 100; i++)); do
    [ ! -S "$work/socket" ] || break
    sleep 0.1
done
export P11_KIT_SERVER_ADDRESS=unix:path=$work/socket
module=$(find /usr/lib -name p11-kit-client.so | head -n 1)
[ -n "$module" ] || die "p11-kit-client.so is not installed"
tool --sign --mechanism 0x80564B02 --id 01 --input-file "$work/op.json" --output-file "$work/part" &&
    echo "p11-kit passes vendor mechanisms on by now: the guide can say so"
sign_both 7
judge_program 10 "${python[@]}" "$module"
echo "p11-kit server: pkcs11-tool and PyKCS11 signed through its socket"
