#!/usr/bin/env bash
# pkcs11-spy (OpenSC) between pkcs11-tool and the module: everything works as without it, and its
# protocol has the calls, and the PIN. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

session_token
export PKCS11SPY=$VALETKEY_MODULE PKCS11SPY_OUTPUT=$work/protocol
module=$(library pkcs11-spy.so)
operation ecdsa 0
must tool --sign --mechanism 0x80564B02 --id 01 --input-file "$work/op.json" \
    --output-file "$work/part"
judge_ecdsa 0 "$work/part"
sign_both 0
cp "$work/protocol" "$work/out"
for call in C_GetInterface C_Login C_FindObjectsInit C_CreateObject C_SignInit C_Sign; do
    says "^[0-9]*: $call\$"
done
# The page says so: whoever reads that is to know when it is no longer true.
says "$TEST_PIN"
echo "signed through it by the vendor mechanism and the standard way; its protocol has the PIN"
