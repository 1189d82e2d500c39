#!/usr/bin/env bash
# ssh-keygen -D and ssh-agent: a P-256 key signs; the agent ends itself over a secp256k1 key, unless
# VALETKEY_HIDE hides it; session keys sign nothing for ssh. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

printf '#!/bin/sh\nexec cat %s/pin\n' "$work" >"$work/askpass"
chmod +x "$work/askpass"
export SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force
agent() {
    rm -f "$work/agent"
    ssh-agent -D -a "$work/agent" -P "$(realpath "$module")" >/dev/null 2>&1 &
    servers+=($!)
    export SSH_AUTH_SOCK=$work/agent
    wait_for test -S "$work/agent"
}
# sign_with PUBLIC: a file is signed by the agent, and the signature verified.
sign_with() {
    rm -f "$work/pin.sig"
    must ssh-keygen -Y sign -f "$1" -n file "$work/pin"
    printf 'me %s\n' "$(cat "$1")" >"$work/allowed"
    ssh-keygen -Y verify -f "$work/allowed" -I me -n file -s "$work/pin.sig" <"$work/pin" \
        >/dev/null || die "the signature does not verify"
}

new_token web
new_key login 01 p256
must ssh-keygen -D "$module"
says '^ecdsa-sha2-nistp256 [A-Za-z0-9+/=]* login$'
cp "$work/out" "$work/login.pub"
agent
must ssh-add -s "$module"
must ssh-add -T "$work/login.pub"
sign_with "$work/login.pub"
must ssh-add -e "$module"
echo "ssh-keygen -D listed a P-256 key; ssh-agent signed with it"

new_key coin 02 secp256k1
self_signed web coin -outform DER -out "$work/coin.der"
must tool --write-object "$work/coin.der" --type cert --id 02 --label coin
must ssh-keygen -D "$module"
says '^ssh-unknown '
must_fail 'communication with agent failed' ssh-add -s "$module"
must_fail 'Error connecting to agent' ssh-add -l
export VALETKEY_HIDE=secp256k1
must ssh-keygen -D "$module"
diff "$work/out" "$work/login.pub" >/dev/null || die "the secp256k1 key is not hidden"
agent
must ssh-add -s "$module"
sign_with "$work/login.pub"
must ssh-add -l
[ "$(wc -l <"$work/out")" = 1 ] || die "the agent has $(cat "$work/out")"
echo "a secp256k1 key with a certificate ended the agent; with VALETKEY_HIDE=secp256k1 it went on"

# The page says so.
printf 'another-pin' >"$work/another"
valetkey token init --label other --so-pin-file "$work/so-pin" --pin-file "$work/another" >/dev/null
must ssh-add -e "$module"
must ssh-add -s "$module"
[ "$(valetkey token list --json | jq -r '.tokens[] | select(.label == "other").userPin')" = \
    "wrong tries" ] || die "ssh-add did not try its PIN on the other token"
echo "ssh-add tried its PIN on each token"

# What ssh wants signed is no operation.
unset VALETKEY_HIDE
rm -rf "$VALETKEY_HOME"
session_token
export VALETKEY_HIDE=secp256k1
must ssh-keygen -D "$module"
says ' pass$'
cp "$work/out" "$work/pass.pub"
agent
must ssh-add -s "$module"
must_fail 'agent refused operation' ssh-keygen -Y sign -f "$work/pass.pub" -n file "$work/pin"
unset VALETKEY_HIDE
[ "$(last_denial pass | cut -d: -f1)" = digest ] || die "the reason is $(last_denial pass)"
echo "a session key under policy was listed, and refused to sign for ssh"
