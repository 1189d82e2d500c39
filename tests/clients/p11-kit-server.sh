#!/usr/bin/env bash
# p11-kit server: the module in another process, and under another user, whose files the signing
# program cannot read. Everything the standard way. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

client=$(library p11-kit-client.so)

# ---- One user ----

session_token
(cd "$work" && exec p11-kit server --foreground --provider "$VALETKEY_MODULE" \
    --name "$work/socket" pkcs11:token=main) >"$work/server.out" 2>&1 &
servers+=($!)
wait_for test -S "$work/socket"
export P11_KIT_SERVER_ADDRESS=unix:path=$work/socket
module=$client
operation ecdsa 0
must_fail 'CKR_MECHANISM_INVALID\|not supported' tool --sign --mechanism 0x80564B02 --id 01 \
    --input-file "$work/op.json" --output-file "$work/part"
sign_both 0
judge_program 1 /usr/bin/python3 "$root/doc/examples/standard-way.py" "$client"
echo "one user: pkcs11-tool and PyKCS11 signed through the socket, the standard way"
