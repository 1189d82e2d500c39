#!/bin/bash
# passkey serve, register and login against each other: with a key of the token, with one on a security
# key (tests/authenticator's), and with what each of them must refuse.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
. "$VK_TEST_SRCDIR/tests/cli/plug.sh"
valetkey=$VK_TEST_BUILDDIR/valetkey

serves() {
    [ -s served ] && jq -e .url served >/dev/null 2>&1
}
# serve NAME ARGUMENT...: on a free port; $url, and its log in log-NAME.
serve() {
    local name=$1
    shift
    : >served
    "${quick[@]}" "$valetkey" passkey serve --token main --listen 127.0.0.1:0 --pin-file pin --json "$@" \
        >served 2>"log-$name" </dev/null &
    server=$!
    started+=("$server")
    until_true serves
    url=$(jq -r .url served)
}
# end: SIGTERM ends the server in order.
end() {
    local got=0
    kill -TERM "$server"
    wait "$server" || got=$?
    same "$got" 0 "the exit status of a server that was told to end"
}

touches_time_out 5
plug key --pin 1234
echo 1234 >device-pin
device=(--token 'FIDO2 security key')
want 0 token init --label main --so-pin-file so-pin --pin-file pin
main=(--token main)

# What cannot be served.
want 1 passkey serve "${main[@]}" --rp-id app.example --origin https://other.example --pin-file pin
err <<'E'
valetkey: pages of https://other.example cannot use passkeys of "app.example": --rp-id is the host of --origin, or a domain above it
E
want 1 passkey serve "${main[@]}" --rp-id app.example --origin https://app.example/ --pin-file pin
want 1 passkey serve "${main[@]}" --rp-id example --origin https://badexample --pin-file pin
want 1 passkey serve "${main[@]}" --rp-id a.example --origin https://a.example --listen 99 \
    --pin-file pin
want 4 passkey serve "${main[@]}" --rp-id a.example --origin https://a.example --pin-file so-pin

serve one --rp-id app.example --origin https://www.app.example:8443 --name 'The App'
same "$(jq -r .origin served)" https://www.app.example:8443 "the origin that is served"
here=(--server "$url" --rp-id app.example)
origin=(--origin https://www.app.example:8443)

# ---- A key of the token ----

session .policies >policy.json
want 0 passkey register "${main[@]}" "${here[@]}" "${origin[@]}" --name alice --label alice \
    --policy policy.json --pin-file pin --json
cp out registered
json '[.pubX, .pubY] | map(test("^[0-9]+$")) | all' true
json '.rpID' ''
json 'keys_unsorted' '["pubX","pubY","authenticatorId","authenticatorIdHash","rpID"]'
want 0 passkey login "${main[@]}" "${here[@]}" --label alice --pin-file pin --json
same "$(cat out)" "$(cat registered)" "the key that logged in"
want 0 passkey login "${main[@]}" "${here[@]}" --label alice --pin-file pin
head -1 out | grep -qF 'Logged in the key "alice" at http://127.0.0.1.' || fail "$(head -1 out)"
want 0 key show "${main[@]}" --label alice --json
json '.rpId + " " + .origin' 'app.example https://www.app.example:8443'
json '.loginsAllowed' false

# A passkey whose count goes on.
want 0 passkey register "${main[@]}" "${here[@]}" "${origin[@]}" --name carol --label carol \
    --sign-count --pin-file pin
for _ in 1 2 3; do
    want 0 passkey login "${main[@]}" "${here[@]}" --label carol --pin-file pin
done
if command -v sqlite3 >/dev/null; then
    same "$(sqlite3 "$VALETKEY_HOME"/????????????????.db \
        "SELECT group_concat(name || ':' || sign_count) FROM passkey_user")" alice:0,carol:3 \
        "what the server keeps"
fi

# With a grant it answers when the SO allowed it.
approval=(--chain-id 31337 --kernel-version 0.3.1 --pre-installed)
want 0 approve "${main[@]}" --label alice "${approval[@]}" --owner "$(session .owner.address)" \
    --pin-file pin
want 3 passkey login "${main[@]}" "${here[@]}" --label alice --pin-file pin
grep -q 'login: the key has a grant' err || fail "$(cat err)"
want 1 key set "${main[@]}" --label alice --so-pin-file so-pin
want 1 key set "${main[@]}" --label alice --allow-logins --no-logins --so-pin-file so-pin
want 4 key set "${main[@]}" --label alice --allow-logins --so-pin-file pin
want 0 key set "${main[@]}" --label alice --allow-logins --so-pin-file so-pin --json
json '.loginsAllowed' true
want 0 key show "${main[@]}" --label alice --json
json '.loginsAllowed' true
want 0 passkey login "${main[@]}" "${here[@]}" --label alice --pin-file pin
want 0 key set "${main[@]}" --label alice --no-logins --so-pin-file so-pin
want 3 passkey login "${main[@]}" "${here[@]}" --label alice --pin-file pin
want 0 audit list "${main[@]}" --label alice --json
json '[.records[] | select(.form == "login") | .event] | join(" ")' \
    'signed signed denied signed denied'
json '[.records[] | select(.event == "settings") | .reason] | join(", ")' \
    'the SO allowed logins, the SO forbade logins'
json '[.records[].event] | join(" ")' 'signed signed denied settings signed settings denied'
want 0 audit list "${main[@]}" --label alice
grep -qx '    the SO allowed logins' out || fail "$(cat out)"
want 0 audit verify "${main[@]}" --pin-file pin

# ---- A key on a security key ----

want 0 passkey register "${device[@]}" "${here[@]}" "${origin[@]}" --name bob --label bob \
    --pin-file device-pin --json
cp out registered
want 0 passkey login "${device[@]}" "${here[@]}" --label bob --pin-file device-pin --json
same "$(cat out)" "$(cat registered)" "the key that logged in"
want 0 key show "${device[@]}" --label bob --json
want 1 passkey register "${device[@]}" "${here[@]}" "${origin[@]}" --name bob --label b2 \
    --sign-count --pin-file device-pin

# ---- What fails leaves nothing behind ----

want 8 passkey register "${main[@]}" "${here[@]}" --name mallory --label mallory --pin-file pin
grep -q 'HTTP status 400: clientDataJSON.origin' err || fail "$(cat err)"
want 8 passkey register "${device[@]}" "${here[@]}" --name mallory --label mallory \
    --pin-file device-pin
want 8 passkey register "${main[@]}" --server "$url" --rp-id other.example --name mallory \
    --label mallory --pin-file pin
grep -q 'this server is for "app.example"' err || fail "$(cat err)"
want 8 passkey register "${main[@]}" --server "$url/" --rp-id app.example --name mallory \
    --label mallory --pin-file pin
grep -q 'HTTP status 404: there is nothing here' err || fail "$(cat err)"
want 8 passkey register "${main[@]}" --server http://127.0.0.1:1 --rp-id app.example \
    --name mallory --label mallory --pin-file pin
want 2 passkey register "${main[@]}" --server http://app.example --rp-id app.example \
    --name mallory --label mallory --pin-file pin
want 1 passkey register "${main[@]}" "${here[@]}" --name '' --label mallory --pin-file pin
want 2 passkey register "${main[@]}" "${here[@]}" --name alice --label alice --pin-file pin
want 0 key list "${main[@]}" --json
json '[.keys[].label] | sort | join(" ")' 'alice carol'
want 0 key list "${device[@]}" --json
json '[.keys[].label] | join(" ")' bob

# A key that the server does not know; one of another relying party; one that is no passkey.
want 0 key create "${main[@]}" --label other --type p256 --rp-id app.example "${origin[@]}" \
    --pin-file pin
want 8 passkey login "${main[@]}" "${here[@]}" --label other --pin-file pin
grep -q 'this passkey is not registered here' err || fail "$(cat err)"
want 0 key create "${main[@]}" --label elsewhere --type p256 --rp-id else.example --pin-file pin
want 2 passkey login "${main[@]}" "${here[@]}" --label elsewhere --pin-file pin
err <<'E'
valetkey: the rpId of the key "elsewhere" is "else.example", not "app.example"
E
want 0 key create "${main[@]}" --label plain --pin-file pin
want 2 passkey login "${main[@]}" "${here[@]}" --label plain --pin-file pin
err <<'E'
valetkey: the key "plain" is no passkey: it is on secp256k1
E
want 2 key set "${main[@]}" --label plain --allow-logins --so-pin-file so-pin

# Headers: a file that others can read, and what is no header.
echo 'X-Api: secret-value' >headers
want 0 passkey login "${main[@]}" "${here[@]}" --label carol --header-file headers --pin-file pin
printf 'X-Api: secret-value\nHost: evil\n' >headers
want 2 passkey login "${main[@]}" "${here[@]}" --label carol --header-file headers --pin-file pin
grep -q secret err && fail "a header is told"
chmod 644 headers
want 2 passkey login "${main[@]}" "${here[@]}" --label carol --header-file headers --pin-file pin
want 2 passkey login "${main[@]}" "${here[@]}" --label carol --header secret-value --pin-file pin
grep -q secret-value err && fail "a header is told"

# ---- Who registered, and who does no more ----

want 0 passkey users "${main[@]}" --pin-file pin --json
cp out users
json '.token' main
json '[.users[] | "\(.name) \(.rpId) \(if .name == "bob" then .signCount > 1 else .signCount end) \(.transports | join("+")) \(.edited)"] | join(", ")' \
    'alice app.example 0 internal false, carol app.example 4 internal false, bob app.example true usb false'
json '[.users[] | (.userId | test("^[0-9a-f]{32}$")) and .created > 1700000000] | all' true
same "$(jq -r '.users[2].authenticatorId' users)" "$(jq -r .authenticatorId registered)" \
    "the credential that is listed"
want 0 passkey users "${main[@]}" --pin-file pin
grep -q '^alice  *app\.example  *0  .*Z  internal  *[A-Za-z0-9_-]\{20,\}$' out || fail "$(cat out)"
want 4 passkey users "${main[@]}" --pin-file so-pin
want 4 passkey remove-user "${main[@]}" --name carol --pin-file so-pin
want 1 passkey remove-user "${main[@]}" --pin-file pin
want 1 passkey remove-user "${main[@]}" --name carol --authenticator-id AAAA --pin-file pin
want 1 passkey remove-user "${main[@]}" --authenticator-id 'A=' --pin-file pin
want 5 passkey remove-user "${main[@]}" --name mallory --pin-file pin
err <<'E'
valetkey: no passkey is registered under "mallory"
valetkey: see "valetkey passkey users"
E
want 5 passkey remove-user "${main[@]}" --authenticator-id AAAA --pin-file pin

# A name may have several passkeys: then the credential says which.
want 0 passkey register "${main[@]}" "${here[@]}" "${origin[@]}" --name carol --label carol-2 \
    --pin-file pin --json
second=$(jq -r .authenticatorId out)
want 1 passkey remove-user "${main[@]}" --name carol --pin-file pin
err <<'E'
valetkey: 2 passkeys are registered under "carol"
valetkey: choose one with --authenticator-id, as "valetkey passkey users" shows it
E
want 0 passkey login "${main[@]}" "${here[@]}" --label carol-2 --pin-file pin
want 0 passkey remove-user "${main[@]}" --authenticator-id "$second" --pin-file pin --json
json '.name + " " + (.removed | tostring)' 'carol true'
same "$(jq -r .authenticatorId out)" "$second" "the credential that was removed"
# The server that is running knows at once.
want 8 passkey login "${main[@]}" "${here[@]}" --label carol-2 --pin-file pin
grep -q 'HTTP status 400: cred.id: this passkey is not registered here' err || fail "$(cat err)"
want 5 passkey remove-user "${main[@]}" --authenticator-id "$second" --pin-file pin
want 0 passkey login "${main[@]}" "${here[@]}" --label carol --pin-file pin
want 0 passkey users "${main[@]}" --pin-file pin --json
json '[.users[].name] | join(" ")' 'alice carol bob'

# ---- It remembers, and it is the file's owner who vouches ----

end
want 8 passkey login "${main[@]}" "${here[@]}" --label carol --pin-file pin
serve two --rp-id app.example --origin https://www.app.example:8443
here=(--server "$url" --rp-id app.example)
want 0 passkey login "${main[@]}" "${here[@]}" --label carol --pin-file pin
want 0 passkey login "${device[@]}" "${here[@]}" --label bob --pin-file device-pin
if command -v sqlite3 >/dev/null; then
    sqlite3 "$VALETKEY_HOME"/????????????????.db \
        "UPDATE passkey_user SET name = 'alice' WHERE name = 'carol'"
    want 8 passkey login "${main[@]}" "${here[@]}" --label carol --pin-file pin
    grep -q 'HTTP status 500: the server cannot answer' err || fail "$(cat err)"
    want 7 audit verify "${main[@]}" --pin-file pin
    grep -q passkey err out || fail "$(cat err out)"
    want 0 passkey users "${main[@]}" --pin-file pin
    sed -n '2,5s/ .*//p' out | tr '\n' ' ' | grep -qx 'alice alice  bob ' || fail "$(cat out)"
    grep -qx '  edited outside the token: this one cannot log in' out || fail "$(cat out)"
    want 0 passkey users "${main[@]}" --pin-file pin --json
    json '[.users[].edited | tostring] | join(" ")' 'false true false'
    edited=$(jq -r '.users[1].authenticatorId' out)
    want 0 passkey remove-user "${main[@]}" --authenticator-id "$edited" --pin-file pin
    head -1 out | grep -qx 'Removed the passkey of "alice": it cannot log in any more.' ||
        fail "$(cat out)"
    want 0 audit verify "${main[@]}" --pin-file pin
fi
want 0 passkey remove-user "${main[@]}" --name bob --pin-file pin
end
want 0 token init --label empty --so-pin-file so-pin --pin-file pin
want 0 passkey users --token empty --pin-file pin
out <<'E'
Nobody registered a passkey.
E
grep -c '^POST /login/verify 200$' log-two | grep -qx 2 || fail "$(cat log-two)"
finish
