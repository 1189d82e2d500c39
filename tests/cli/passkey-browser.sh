#!/bin/bash
# Passkeys that Chromium made: imported as session keys, approved by an ECDSA owner, their assertions
# made into signatures. The assertions for operations are made here, with openssl and the vectors'
# private keys.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/browser.sh"
file=ecdsa

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
session .policies >policy.json
main=(--token main --pin-file pin)

# ---- All eight come in ----

for name in s01 s02 s03 s04 s05 s06 s07 s08; do
    import $name
    want 0 "${import[@]}" --json
    json '[.label, .type, .authenticatorIdHash, .granted]' \
        "[\"$name\",\"p256\",\"0x$(of $name .registration.authenticatorIdHash)\",false]"
    case $name in
    s02 | s08) json '.attestation | split(":")[0]' signed ;;
    *) json '.attestation | split(":")[0]' none ;;
    esac
    want 0 key show --token main --label $name --json
    json '[.home, .rpId, .origin]' "[\"remote\",\"$(of $name .rpId)\",\"$(of $name .origin)\"]"
done
want 2 "${import[@]/#s08/twice}"
err <<'EOF'
valetkey: the token has this passkey already
EOF
want 0 key remove "${main[@]}" --label s08
want 0 key list --token main --json
json '.keys | map(.label) | join(" ")' 's01 s02 s03 s04 s05 s06 s07'

# The members alone, as bytes, base64url and hex.
bytes "$(of s08 .registration.attestationObject)" >attestation
of s08 .registration.clientDataJSON | tr -d '\n' >client
parts=(passkey import --label s08 "${main[@]}" --policy policy.json --rp-id localhost --lint off
    --origin http://localhost:8080 --challenge "0x$(of s08 .registration.challenge)")
want 0 "${parts[@]}" --attestation attestation --client-data client
want 0 key remove "${main[@]}" --label s08
base64url <attestation >attestation.text
{ printf 0x && hex_of <client; } >client.text
want 0 "${parts[@]}" --attestation attestation.text --client-data client.text
want 0 key remove "${main[@]}" --label s08

# Whom to believe: the certificate that Chromium's authenticator signs with.
openssl asn1parse -inform DER -in attestation >/dev/null 2>&1 && fail "an attestation is CBOR"
hex=$(hex_of <attestation)
der=${hex#*63783563815901}  # "x5c": [ bytes of a length of two bytes, the first 0x01
length=$((0x01${der:0:2}))
bytes "${der:2:$((2 * length))}" | openssl x509 -inform DER >maker.pem 2>/dev/null ||
    fail "there is no certificate in the attestation"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -days 2 \
    -subj /CN=stranger -out stranger.pem 2>/dev/null
want 2 "${parts[@]}" --attestation attestation --client-data client --trust stranger.pem
err <<'EOF'
valetkey: the attestation (packed) does not chain to a certificate of --trust
EOF
cat stranger.pem maker.pem >both.pem
want 0 "${parts[@]}" --attestation attestation --client-data client --trust both.pem --json
json '.attestation | split(":")[0]' trusted
want 2 "${parts[@]}" --attestation attestation --client-data client --trust policy.json
err <<'EOF'
valetkey: policy.json has no certificates in PEM form
EOF

# ---- What does not come in ----

want 0 key remove "${main[@]}" --label s01
import s01
cp answer.json good.json
refused() { # what is said
    err <<EOF
valetkey: the registration does not hold: $1
EOF
}
want 2 "${import[@]/#http:\/\/localhost:8080/http://localhost:8081}"
refused 'clientDataJSON.origin: the origin is "http://localhost:8080", not "http://localhost:8081"'
want 2 "${import[@]/#localhost/example.org}"
refused 'authenticatorData: rpIdHash is not that of "example.org"'
want 2 "${import[@]/#$(challenge s01)/$(challenge s02)}"
refused 'clientDataJSON.challenge: the challenge is not the one that was sent'
want 1 "${import[@]/#$(challenge s01)/c2hvcnQ}"
err <<'EOF'
valetkey: --challenge is "c2hvcnQ", but must be base64url without padding, or 0x and hex, of 16 to 1024 bytes
EOF
jq -c '.id = "AAAA" | .rawId = "AAAA"' good.json >answer.json
want 2 "${import[@]}"
refused 'its id is not that of the attestation'
cannot() { # jq filter, what is said
    jq -c "$1" good.json >answer.json
    want 2 "${import[@]}"
    err <<EOF
valetkey: the registration cannot be read: $2
EOF
}
cannot '.rawId = "AAAA"' 'rawId: "id" and "rawId" are not the same'
cannot '.type = "password"' 'type: the type is "password", not "public-key"'
cannot 'del(.response)' 'response.attestationObject: member "attestationObject" is missing'
cannot '.response.clientDataJSON += "="' 'response.clientDataJSON: "clientDataJSON" must be base64url without padding'
cannot '.response.attestationObject = ""' 'response.attestationObject: "attestationObject" is empty'
head -c 300 good.json >answer.json
want 2 "${import[@]}"
head -c 600000 /dev/zero | tr '\0' ' ' >answer.json
want 2 "${import[@]}"
want 1 "${import[@]}" --attestation attestation
want 1 passkey import --label x "${main[@]}" --rp-id a --origin b --challenge AAAA
want 0 key list --token main --json
json '.keys | map(.label) | join(" ")' 's02 s03 s04 s05 s06 s07 s08'

# ---- Approved by an ECDSA owner ----

import s01
want 0 "${import[@]}"
head -n 1 out >first && mv first out
echo 'Imported the P-256 key "s01" on the token "main".' | out
want 3 sign "${main[@]}" --label s01 --input <(session '.operations[0].userOp')
owner=$(session .owner.address)
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
want 0 key show --token main --label s01 --json
permission=$(jq -r .permissionId out)
want 0 approve "${main[@]}" --label s01 --chain-id 31337 --kernel-version 0.3.1 --owner "$owner" \
    --owner-key "$uri" --lint off

# operation MODE SEQUENCE [INDEX]: of the SDK's session, with this key's nonce.
operation() {
    session ".operations[${3:-0}].userOp" |
        jq --arg nonce "$(printf '0x%s02%s%032x%04x%016x' "$1" "${permission#0x}" 0 0 "$2")" \
            '.nonce = $nonce' >op.json
}

# ---- An operation, asked and answered ----

gas_left() { "$VK_TEST_BUILDDIR/valetkey" key show --token main --label s01 --json |
    jq -r '.grants[0].budgets[] | select(.gasLeft) | .gasLeft'; }
operation 01 0
before=$(gas_left)
want 0 sign "${main[@]}" --label s01 --input op.json --json
json '[.home, .chainId, .origin, .rpId, .credentialId]' \
    "[\"remote\",31337,\"http://localhost:8080\",\"localhost\",\"0x$(of s01 .registration.credentialId)\"]"
json .options "{\"challenge\":\"$(jq -r .challenge out)\",\"rpId\":\"localhost\",\"allowCredentials\":[{\"type\":\"public-key\",\"id\":\"$(of s01 .registration.credentialIdB64url)\"}],\"userVerification\":\"required\"}"
asked=$(jq -r .challenge out)
hash=$(jq -r .userOpHash out)
same "0x$(printf '%s=' "$asked" | basenc --base64url -d 2>/dev/null | hex_of)" "$hash" "the challenge"
same "$(gas_left)" "$before" "the gas that is left"
options=$(jq -c .options out)
want 0 sign "${main[@]}" --label s01 --input op.json
out <<EOF
The key "s01" would sign this operation, and its private key is with a browser.
  origin         http://localhost:8080
  rpId           localhost
  challenge      $asked
  as hex         $hash
Request options
$options
Next
  Paste them into doc/examples/passkey.html, opened from the origin, and save the answer.
  Then, with the very same operation:
  valetkey passkey assertion --label 's01' --input op.json --assertion FILE
EOF
want 1 sign "${main[@]}" --label s01 --input op.json --operation
err <<'EOF'
valetkey: --operation is about a signature, which a browser has to make first
valetkey: see "valetkey passkey assertion --help"
EOF
want 2 sign "${main[@]}" --label s01 --message hello
err <<'EOF'
valetkey: the private key is with a browser, which signs operations alone
valetkey: see "valetkey sign --help"
EOF

give=(passkey assertion "${main[@]}" --label s01 --input op.json --assertion assertion.json)
denied() { # rule and reason
    err <<EOF
valetkey: refused: $1
valetkey: "valetkey explain" shows what each rule says
EOF
}
assertion s01 "$(challenge s01)" 2
want 3 "${give[@]}"
denied 'assertion: clientDataJSON.challenge: the challenge is not the one that was sent'
assertion s01 "$asked" 2 01
want 3 "${give[@]}"
denied 'assertion: authenticatorData: the user was not verified (flag UV)'
assertion s02 "$asked" 2
want 2 "${give[@]}"
err <<'EOF'
valetkey: the assertion is of another passkey than "s01"
EOF
jq -c .response assertion.json | jq -c 'del(.userHandle)' >members.json
cp members.json assertion.json
want 3 "${give[@]}"
denied "assertion: signature: the signature is not one of the credential's key"
echo '{"response":{}}' >assertion.json
want 2 "${give[@]}"
same "$(gas_left)" "$before" "the gas that is left"

assertion s01 "$asked" 2
want 0 "${give[@]}" --json
json '[.chainId, .userOpHash]' "[31337,\"$hash\"]"
signature=$(jq -r .signature out)
[ "$(gas_left)" != "$before" ] || fail "nothing is reserved"
# All of it again: the counter says that it was seen.
want 3 "${give[@]}"
denied "signCount: the authenticator's counter is 2, but 2 was seen before: it may be a copy"

# What stands inside is the assertion, with a low s, and verifies; attach takes it as well.
operation 00 0
want 0 sign "${main[@]}" --label s01 --input op.json --json
assertion s01 "$(jq -r .challenge out)" 3
want 0 "${give[@]}"
same "$(cut -c1-4 out)" 0xff "the first byte"
plain=$(cat out)
want 0 userop attach --token main --label s01 --input op.json --session-part "$plain"
same "$(cat out)" "$plain" "the attached signature"
[ ${#signature} -gt $((${#plain} + 1000)) ] || fail "no approval stands around the first signature"

# The whole operation, for a bundler; the members alone, in hex.
operation 00 1
want 0 sign "${main[@]}" --label s01 --input op.json --json
assertion s01 "$(jq -r .challenge out)" 4
jq -nc --arg a "0x$(hex_of <auth_data)" --arg c "0x$(hex_of <client_data)" \
    --arg s "0x$(hex_of <signature)" \
    '{authenticatorData: $a, clientDataJSON: $c, signature: $s}' >assertion.json
want 0 "${give[@]}" --operation
same "$(jq -r .callData out)" "$(jq -r .callData op.json | lower)" "the call"
case $(jq -r .signature out) in 0xff*) ;; *) fail "no signature in the operation" ;; esac

# What the policy refuses is refused before the browser is asked, and after.
operation 00 2 2
want 3 sign "${main[@]}" --label s01 --input op.json
denied 'call: 100.000001 USDC is over the limit of 100'
want 3 explain "${main[@]}" --label s01 --input op.json --json
want 0 audit list --token main --label s01 --json
json '[.records[] | select(.event == "denied") | .rule] | unique | join(" ")' 'assertion signCount'
json '[.records[] | select(.event == "signed") | .form] | unique | join(" ")' assertion

# Budgets, and what the SO says of several keys, are as of any other.
want 0 budget list "${main[@]}" --label s01 --json
json '[.grants[].reservations[].operations | length]' '[1,1,1]'
want 0 spend set --token main --name daily --chain-id 31337 --so-pin-file so-pin --period 24h \
    --erc20 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 --limit 1
want 0 spend add-grant --token main --name daily --label s01 --chain-id 31337 --so-pin-file so-pin
operation 00 3
want 3 sign "${main[@]}" --label s01 --input op.json
grep -q '^valetkey: refused: spend: ' err || fail "another reason"
want 0 spend remove --token main --name daily --so-pin-file so-pin
want 0 sign "${main[@]}" --label s01 --input op.json --json

# Of a key that signs itself there is nothing to give.
want 0 key create "${main[@]}" --label here --type p256 --policy policy.json --lint off
want 2 passkey assertion "${main[@]}" --label here --input op.json --assertion assertion.json
err <<'EOF'
valetkey: the key "here" is not with a browser
valetkey: it signs itself: "valetkey sign --help"
EOF

# ---- What a browser is asked with ----

want 0 passkey options --rp-id localhost --origin http://localhost:8080 --name alice --json
json '[.options.rp.id, .options.user.name, .options.authenticatorSelection.userVerification, .options.pubKeyCredParams[0].alg]' \
    '["localhost","alice","required",-7]'
same "$(jq -r .options.challenge out)" "$(jq -r .challenge out)" "the challenge"
first=$(jq -r .challenge out)
want 0 passkey options --rp-id localhost --origin http://localhost:8080
grep -q "$first" out && fail "the same challenge again"
finish
