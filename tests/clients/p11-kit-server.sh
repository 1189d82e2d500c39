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

kill "${servers[@]}"
servers=()
rm -rf "$VALETKEY_HOME" "$VALETKEY_ANCHOR_DIR"

# ---- Two users: nobody has the token, daemon signs, games may not even connect ----

[ "$(id -u)" = 0 ] || not_run "a server under another user: only root can start one"
module=$VALETKEY_MODULE
session_token
umask 022
mkdir "$work/client"
cp "$VALETKEY_MODULE" "$work/module.so"
chown -R nobody:nogroup "$VALETKEY_HOME" "$VALETKEY_ANCHOR_DIR"
chown daemon:daemon "$work/client"
chmod 711 "$work"
cd /
as() {
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"
}
# From here on pkcs11-tool is run by daemon, where that may write.
tokens=$VALETKEY_HOME
socket_dir=$work/run
install -d -o nobody "$socket_dir"
work=$work/client
module=$client
tool() { as daemon pkcs11-tool --module "$module" --login --pin env:TEST_PIN "$@"; }
open_socket() {
    wait_for test -S "$1"
    chgrp daemon "$1"
    chmod 660 "$1"
    export P11_KIT_SERVER_ADDRESS=unix:path=$1
}

# sign_as_daemon INDEX: r and s are in the SDK's signature.
sign_as_daemon() {
    wait_ecdsa "$1"
    must sign_digest 01
    [[ $(session ecdsa ".operations[$1].signature" | tr A-F a-f) == *$(od -An -tx1 -v "$work/rs" |
        tr -d ' \n')* ]] || die "operation $1: another signature than the SDK's"
    must_fail CKR_KEY_FUNCTION_NOT_PERMITTED sign_digest 01
}

keeps_apart() {
    must_fail 'No slots' as games pkcs11-tool --module "$client" --list-slots
    must_fail 'Permission denied' as daemon ls "$tokens"
    must_fail 'Permission denied' as daemon cat "$1"
    must as daemon pkcs11-tool --module "$everything/module.so" --list-slots
    says_not main
    must_fail sensitive as daemon /usr/bin/python3 - "$client" <<'EOF'
import os, sys
import PyKCS11 as p11
lib = p11.PyKCS11Lib()
lib.load(sys.argv[1])
session = lib.openSession(lib.getSlotList(tokenPresent=True)[0])
session.login(os.environ["TEST_PIN"])
key = session.findObjects([(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY)])[0]
sys.exit("sensitive" if session.getAttributeValue(key, [p11.CKA_VALUE]) == [None] else "read")
EOF
}

(exec setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups p11-kit server --foreground \
    --provider "$everything/module.so" --name "$socket_dir/server" pkcs11:token=main) \
    >"$work/server.out" 2>&1 &
servers+=($!)
open_socket "$socket_dir/server"
sign_as_daemon 0
token_file=$(find "$tokens" -name '*.db')
keeps_apart "$token_file"
echo "p11-kit server of another user: signed the standard way; its files, its keys stay its own"

# The same with the command of the service in doc/examples, and systemd's own stand-in for systemd.
service=$root/doc/examples/valetkey-p11-kit@.service
read -ra command <<<"$(sed -n 's/^ExecStart=//p' "$service" |
    sed "s|/[^ ]*/valetkey-pkcs11.so|$everything/module.so|; s/token=bots/token=main/")"
[ "${command[*]: -1}" = pkcs11:token=main ] || die "the service runs ${command[*]}"
(exec setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups systemd-socket-activate \
    --listen "$socket_dir/service" --accept --inetd -E VALETKEY_HOME -E VALETKEY_ANCHOR_DIR \
    "${command[@]}") >"$work/server.out" 2>&1 &
servers+=($!)
open_socket "$socket_dir/service"
sign_as_daemon 1
keeps_apart "$token_file"
quiet systemd-analyze verify "$service" "$root/doc/examples/valetkey-p11-kit.socket"
says_not .
echo "the service in doc/examples: the same for each connection"
