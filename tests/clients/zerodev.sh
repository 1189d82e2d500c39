#!/usr/bin/env bash
# Unmodified @zerodev/webauthn-key in Debian's Chromium, with a virtual authenticator, registers and
# logs in at valetkey passkey serve; and the command registers and logs in at a server that
# @simplewebauthn/server makes. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v node >/dev/null && command -v npm >/dev/null || not_run "there is no Node.js with npm"
[ -x /usr/bin/chromium ] || not_run "there is no Chromium"
node_dir=$VALETKEY_BUILD/clients-zerodev
mkdir -p "$node_dir"
cp "$root"/tests/clients/zerodev/* "$node_dir"
if ! cmp -s "$root/tests/clients/zerodev/package-lock.json" "$node_dir/installed-lock"; then
    (cd "$node_dir" && must npm ci --no-audit --no-fund --legacy-peer-deps --ignore-scripts)
    cp "$node_dir/package-lock.json" "$node_dir/installed-lock"
fi

valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
main=(--token main --pin-file "$work/pin")

# ---- Their client, our server ----

coproc chromium { node "$node_dir/passkey.mjs" "$work/profile" 2>"$work/chromium.err"; }
browser_pid=$chromium_PID
servers+=("$browser_pid")
said() {
    read -r -t 90 line <&"${chromium[0]}" || { cat "$work/chromium.err" && die "Chromium says nothing"; }
}
said
origin=$line
[[ $origin == http://localhost:* ]] || { cat "$work/chromium.err" && die "no origin: $origin"; }
: >"$work/served"
"$VALETKEY_BUILD/valetkey" passkey serve "${main[@]}" --rp-id localhost --origin "$origin" \
    --listen 127.0.0.1:0 --json >"$work/served" 2>"$work/serve.log" &
servers+=($!)
serve_pid=$!
wait_for test -s "$work/served"
url=$(jq -r .url "$work/served")

# sdk HOW MODE [MORE-JSON]: what toWebAuthnKey gives, or why it fails, is in $line.
sdk() {
    local options
    options=$(jq -nc --arg mode "$2" --arg url "$url" --argjson more "${3-null}" \
        '{mode: $mode, passkeyName: "alice", passkeyServerUrl: $url, rpID: "localhost"} + $more')
    echo "$1 $options" >&"${chromium[1]}"
    said
}
good() {
    [ "${line%% *}" = ok ] || { cat "$work/serve.log" && die "$1: $line"; }
}
sdk use login
[[ $line == failed* ]] || die "nobody is registered, but: $line"
sdk use register
good register
registered=${line#ok }
jq -e '(.pubX | test("^[0-9]+$")) and (.authenticatorIdHash | test("^0x[0-9a-f]{64}$"))' \
    <<<"$registered" >/dev/null || die "what is that: $registered"
sdk use login
good login
[ "${line#ok }" = "$registered" ] || die "another key: ${line#ok }"
# With headers, which the browser asks about before.
sdk use login '{"passkeyServerHeaders": {"X-Api": "k", "X-Project": "p"}}'
good "login with headers"
[ "${line#ok }" = "$registered" ] || die "another key: ${line#ok }"
# The authenticator has the passkey, but the page is another's; or the relying party is.
sdk from-elsewhere login '{"rpID": "127.0.0.1"}'
[[ $line == failed* ]] || die "another origin logs in: $line"
sdk use register '{"rpID": "example.org"}'
[[ $line == failed* ]] || die "another relying party: $line"
# A key of the token beside it.
must valetkey passkey register "${main[@]}" --server "$url" --rp-id localhost --origin "$origin" \
    --name bob --label bob --json
must valetkey passkey login "${main[@]}" --server "$url" --rp-id localhost --label bob --json
sdk use login
good "login again"
exec {chromium[1]}>&-
wait "$browser_pid" || die "Chromium did not end well"
kill -TERM "$serve_pid"
wait "$serve_pid" || die "the server did not end well"
echo "@zerodev/webauthn-key registered and logged in at passkey serve; other origins did not"

# ---- Our client, their server ----

# another ATTESTATION: starts it, $url.
another() {
    : >"$work/another"
    node "$node_dir/server.mjs" server.example https://server.example "$1" \
        >"$work/another" 2>"$work/another.log" &
    server_pid=$!
    servers+=("$server_pid")
    wait_for test -s "$work/another"
    url=$(cat "$work/another")
}
echo 'X-Api: k' >"$work/headers"
another none
peer=(--server "$url" --rp-id server.example --header-file "$work/headers")
must valetkey passkey register "${main[@]}" "${peer[@]}" --name carol --label carol --sign-count --json
cp "$work/out" "$work/key"
for _ in 1 2; do
    must valetkey passkey login "${main[@]}" "${peer[@]}" --label carol --json
    cmp -s "$work/out" "$work/key" || die "another key logged in"
done
grep -qx 'registered none platform' "$work/another.log" || { cat "$work/another.log" && die "how?"; }
must_fail 'HTTP status 400: no header, or no cookie' valetkey passkey login "${main[@]}" \
    --server "$url" --rp-id server.example --label carol
echo "the command registered and logged in at @simplewebauthn/server, counting"

# With a key on a security key, and its attestation.
authenticator=$VALETKEY_BUILD/tests/authenticator/authenticator
if [ -x "$authenticator" ]; then
    unset VALETKEY_FIDO2
    printf 'fido2 = configured\nfido2-device = unix:%s/device\n' "$work" >"$VALETKEY_HOME/valetkey.conf"
    "$authenticator" --socket "$work/device" --pin 1234 >"$work/ready" &
    servers+=($!)
    wait_for test -s "$work/ready"
    echo 1234 >"$work/device-pin"
    device=(--token 'FIDO2 security key' --pin-file "$work/device-pin")
    for attestation in none direct; do
        kill -TERM "$server_pid"
        another "$attestation"
        peer=(--server "$url" --rp-id server.example --header-file "$work/headers")
        must valetkey passkey register "${device[@]}" "${peer[@]}" --name dave --label "$attestation" \
            --json
        cp "$work/out" "$work/key"
        must valetkey passkey login "${device[@]}" "${peer[@]}" --label "$attestation" --json
        cmp -s "$work/out" "$work/key" || die "another key logged in"
        kind=none
        [ "$attestation" = none ] || kind=packed
        grep -qx "registered $kind cross-platform" "$work/another.log" ||
            { cat "$work/another.log" && die "what attestation?"; }
    done
    echo "and with a key on a security key, without and with its attestation"
fi
