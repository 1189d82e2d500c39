#!/bin/bash
# A session key on a security key: made there, approved by an ECDSA owner, signing in enable mode and
# after it, refusing what its policy refuses without asking for a touch.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
. "$VK_TEST_SRCDIR/tests/cli/plug.sh"

touches_time_out 5
plug key --pin 1234
echo 1234 >device-pin
device=(--token 'FIDO2 security key')

want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
session .policies >policy.json

# The key, with its policy.
want 0 token list --json
json '[.tokens[].label] | sort' '["FIDO2 security key","cold"]'
want 4 key create "${device[@]}" --label bot --type p256 --policy policy.json --pin-file pin
want 0 key create "${device[@]}" --label bot --type p256 --policy policy.json \
    --rp-id agent.example --pin-file device-pin
want 0 key show "${device[@]}" --label bot --json
json '[.rpId, .origin, .home]' '["agent.example","https://agent.example","fido2"]'
same "$(jq -r .devicePolicyDigest out)" "0x$(sha256sum <policy.json | cut -c 1-64)" "the digest"
permission=$(jq -r .permissionId out)
want 0 key show "${device[@]}" --label bot
grep -q '^  home           fido2$' out || fail "it does not say where the key is"

# Approved by an ECDSA owner.
owner=$(session .owner.address)
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
want 0 approve "${device[@]}" --label bot --chain-id 31337 --kernel-version 0.3.1 --owner "$owner" \
    --owner-key "$uri" --output account.txt --pin-file device-pin

# operation INDEX MODE SEQUENCE: an operation of the SDK's session, with a nonce of this key's.
operation() {
    session ".operations[$1].userOp" |
        jq --arg nonce "$(printf '0x%s02%s%032x%04x%016x' "$2" "${permission#0x}" 0 0 "$3")" \
            '.nonce = $nonce' >op.json
}
sign=(sign "${device[@]}" --label bot --input op.json --pin-file device-pin)
operation 0 01 0
want 0 explain "${device[@]}" --label bot --input op.json
want 0 "${sign[@]}"
whole=$(wc -c <out)
# The part is checked before it is put into the operation: it is the key's signature of it.
part() {
    want 0 "${sign[@]}" --session
    same "$(cut -c 1-4 out)" 0xff "the session part"
    cp out part
    want 0 userop attach "${device[@]}" --label bot --input op.json --session-part part
}
part
same "$(wc -c <out)" "$whole" "the length of the signature in enable mode"
operation 0 00 1
part
same "$(cat out)" "$(cat part)" "the signature in default mode"

# What the policy refuses.
refused=
for i in {0..10}; do
    [ "$(session ".operations[$i].verdict.accept")" = true ] || refused=$i
done
operation "$refused" 00 2
want 3 "${sign[@]}"

# A touch that is declined, and one that does not come.
operation 0 00 3
tell key touch denied
want 4 "${sign[@]}"
echo 'valetkey: cannot log in to the token: it was declined on the security key' | err
tell key touch now
want 0 "${sign[@]}"
tell key unplug
want 5 "${sign[@]}"
tell key plug

# Its decisions are in the journal of its store.
want 0 audit list "${device[@]}" --json
json '[.records[] | select(.event == "signed")] | length > 2' true
want 0 audit verify "${device[@]}"

# Gone with its credential.
want 0 key remove "${device[@]}" --label bot --pin-file device-pin
want 5 "${sign[@]}"

# One without a policy gets none later, and the SO of a token's key can give one.
want 0 key create "${device[@]}" --label bare --type p256 --rp-id agent.example --pin-file device-pin
tail -n 2 out >next
diff -u - next <<'E' || fail "what comes next"
A key on a security key gets its policy when it is made, or never: this one can log in at passkey servers, but signs no operation.
For a session key: valetkey key create --policy FILE, with another label
E
grep -q 'the SO gives' out && fail "it speaks of an SO"
want 2 approve "${device[@]}" --label bare --chain-id 31337 --kernel-version 0.3.1 --owner "$owner" \
    --pre-installed --pin-file device-pin
want 0 key remove "${device[@]}" --label bare --pin-file device-pin
want 0 token init --label warm --so-pin-file so-pin --pin-file pin
want 0 key create --token warm --label bare --type p256 --pin-file pin
tail -n 1 out | grep -qx 'Next: the SO gives it a policy (a valetkey-policy data object).' ||
    fail "$(cat out)"

# How a credential is made can be chosen; on a token that means nothing.
create=(key create --label stored --type p256 --policy policy.json)
want 1 "${create[@]}" "${device[@]}" --cred-protect 4 --pin-file device-pin
want 0 "${create[@]}" "${device[@]}" --discoverable --user-handle 0x0102 --cred-protect 2 \
    --pin-file device-pin
same "$(answer key credentials)" "ok 1" "the credentials that are stored"
want 2 "${create[@]}" --token cold --discoverable --pin-file pin
finish
