#!/usr/bin/env bash
# npm nid-webauthn-emulator as an authenticator that this project did not write: test_emulator, which
# is about src/keys/fido2*.c, and what the module says to such a key. $VALETKEY_BUILD is the build
# directory. Exit status 77 if there is no Node.js.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../clients/lib.sh"

command -v node >/dev/null && command -v npm >/dev/null || not_run "there is no Node.js with npm"
program=$VALETKEY_BUILD/tests/authenticator/emulator/test_emulator
[ -x "$program" ] || die "$program is not built: make check TESTS="
node_dir=$VALETKEY_BUILD/emulator-node
mkdir -p "$node_dir"
cp "$here"/package{,-lock}.json "$here/emulator.mjs" "$node_dir"
if ! cmp -s "$here/package-lock.json" "$node_dir/installed-lock"; then
    (cd "$node_dir" && must npm ci --no-audit --no-fund)
    cp "$node_dir/package-lock.json" "$node_dir/installed-lock"
fi

# emulate NAME ARGUMENT...: at $work/NAME.
emulate() {
    local name=$1
    shift
    /usr/bin/python3 "$here/relay.py" "$work/$name" node "$node_dir/emulator.mjs" "$@" \
        >"$work/$name.ready" &
    servers+=($!)
    wait_for grep -q ready "$work/$name.ready"
}
emulate key
emulate no-uv no-uv

VK_EMULATOR=unix:$work/key VK_EMULATOR_NO_UV=unix:$work/no-uv "$program"

# What the module makes of it: a slot, verified by the key itself, and a refusal to keep keys there,
# since nothing on it could unlock what has to be kept about them.
unset VALETKEY_FIDO2
mkdir -m 700 "$VALETKEY_HOME"
printf 'fido2 = configured\nfido2-device = unix:%s\n' "$work/key" >"$VALETKEY_HOME/valetkey.conf"
must pkcs11-tool --module "$module" --list-slots
says 'FIDO2 security key'
says 'PIN pad present'
export VALETKEY_DEBUG=1
must_fail 'has no hmac-secret' pkcs11-tool --module "$module" --login --keypairgen \
    --key-type EC:prime256v1 --label bot --id 01
[ -z "$(find "$VALETKEY_HOME" -name '*.token' -o -name '*.db')" ] || die "a store is left behind"
echo "nid-webauthn-emulator: made, asserted and refused as it should be"
