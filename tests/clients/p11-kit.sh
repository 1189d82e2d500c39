#!/usr/bin/env bash
# p11-kit: the module file that is installed, the proxy module, and the same module run in a process of
# its own by "remote:". $VALETKEY_BUILD is the build directory.
set -euo pipefail
# p11-kit looks for module files in one place only: the test sees a folder of its own there.
modules=/usr/share/p11-kit/modules
if [ -z "${VALETKEY_OWN_MOUNTS:-}" ]; then
    exec env VALETKEY_OWN_MOUNTS=1 unshare --map-root-user --mount "$0"
fi
mount -t tmpfs none $modules
. "$(dirname "$0")/lib.sh"

# module_file LINE...
module_file() { printf '%s\n' "$@" >$modules/valetkey.module; }

session_token
# As it is installed, but with the module that was built.
sed "s|^module: .*|module: $VALETKEY_MODULE|" "$VALETKEY_BUILD/src/valetkey.module" \
    >$modules/valetkey.module
must p11-kit list-modules
says 'library-manufacturer: valetkey'
says 'token: main'
must p11tool --list-tokens
says 'token=main$'
module=$(library p11-kit-proxy.so)
operation ecdsa 0
must tool --token-label main --sign --mechanism 0x80564B02 --id 01 --input-file "$work/op.json" \
    --output-file "$work/part"
judge_ecdsa 0 "$work/part"
sign_both 0
echo "module file and proxy: listed, signed by the vendor mechanism and the standard way"

module_file "module: $VALETKEY_MODULE" "disable-in: pkcs11-tool"
must_fail 'No slots' pkcs11-tool --module "$module" --list-slots
must p11tool --list-tokens
says 'token=main$'
echo "disable-in: one program does not see the module, another one does"

module_file "remote: |p11-kit remote $VALETKEY_MODULE"
sign_both 1
must_fail 'CKR_MECHANISM_INVALID\|not supported' tool --sign --mechanism 0x80564B02 --id 01 \
    --input-file "$work/op.json" --output-file "$work/part"
echo "remote: the module in another process signed the standard way"
