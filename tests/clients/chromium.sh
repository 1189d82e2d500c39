#!/usr/bin/env bash
# Debian's Chromium with a virtual authenticator, driven by puppeteer-core: doc/examples/passkey.html
# makes a passkey and signs with it; the command imports, asks, and makes the signatures, which the
# library's verifier then judges. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v node >/dev/null && command -v npm >/dev/null || not_run "there is no Node.js with npm"
[ -x /usr/bin/chromium ] || not_run "there is no Chromium"
node_dir=$VALETKEY_BUILD/clients-chromium
mkdir -p "$node_dir"
cp "$root"/tests/clients/chromium/* "$node_dir"
if ! cmp -s "$root/tests/clients/chromium/package-lock.json" "$node_dir/installed-lock"; then
    (cd "$node_dir" && must npm ci --no-audit --no-fund --omit=optional)
    cp "$node_dir/package-lock.json" "$node_dir/installed-lock"
fi

# ---- The browser ----

coproc chromium { node "$node_dir/passkey.mjs" "$root/doc/examples/passkey.html" \
    "$work/profile" 2>"$work/chromium.err"; }
servers+=("$chromium_PID")
# said: a line of it, in $line.
said() {
    read -r -t 60 line <&"${chromium[0]}" || { cat "$work/chromium.err" && die "Chromium says nothing"; }
}
# browser COMMAND...: it must succeed; what it says is in $line.
browser() {
    echo "$*" >&"${chromium[1]}"
    said
    [ "${line%% *}" = ok ] || die "Chromium, $1: $line"
}
said
origin=$line
[[ $origin == http://localhost:* ]] || { cat "$work/chromium.err" && die "no origin: $origin"; }

# ---- The passkey ----

valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
new_token cold
session ecdsa .owner.privateKey >"$work/owner"
valetkey key import --token cold --label owner --key-file "$work/owner" --pin-file "$work/pin" >/dev/null
rm "$work/owner"
session ecdsa .policies >"$work/policy.json"
main=(--token main --label phone --pin-file "$work/pin")

valetkey passkey options --rp-id localhost --origin "$origin" --name alice --json >"$work/made"
jq .options "$work/made" >"$work/create.json"
jq '.options.rp.id = "example.org" | .options' "$work/made" >"$work/other.json"
browser refused "$work/other.json"
[[ $line == *"It did not work: "* ]] || die "of another site the page says: $line"
browser create "$work/create.json" "$work/registration.json"
import=(passkey import "${main[@]}" --policy "$work/policy.json" --lint off --rp-id localhost
    --registration "$work/registration.json" --challenge "$(jq -r .challenge "$work/made")")
must_fail 'the origin is' valetkey "${import[@]}" --origin "$origin.example"
must valetkey "${import[@]}" --origin "$origin" --json
permission=$(jq -r .permissionId "$work/out")
must valetkey approve "${main[@]}" --chain-id 31337 --kernel-version 0.3.1 --lint off \
    --owner "$(session ecdsa .owner.address)" \
    --owner-key "pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
echo "a passkey made, imported, approved"

# ---- Operations ----

# ask MODE SEQUENCE: what the page has to be asked with is in $work/get.json.
ask() {
    session ecdsa '.operations[0].userOp' | jq --arg nonce \
        "$(printf '0x%s02%s%032x%04x%016x' "$1" "${permission#0x}" 0 0 "$2")" '.nonce = $nonce' \
        >"$work/op.json"
    must valetkey sign "${main[@]}" --input "$work/op.json" --json
    jq .options "$work/out" >"$work/get.json"
    hash=$(jq -r .userOpHash "$work/out")
}
answer=(passkey assertion "${main[@]}" --input "$work/op.json" --assertion "$work/assertion.json")
# finish: the signature of what the page answered, into $signature.
finish_operation() {
    must valetkey "${answer[@]}"
    signature=$(cat "$work/out")
}
# decoded FILE FILTER: the bytes of a base64url member; hex_of the same in hex.
decoded() {
    local text
    text=$(jq -r "$2" "$1")
    printf '%s%s' "$text" "$(printf '%*s' $(((4 - ${#text} % 4) % 4)) '' | tr ' ' =)" |
        basenc --base64url -d
}
hex_of() { decoded "$@" | od -An -v -tx1 | tr -d ' \n'; }
# judge: the library's verifier accepts the assertion, which is what stands in the signature.
judge() {
    local json=$work/registration.json answer=$work/assertion.json
    jq -nc --arg attestation "$(hex_of "$json" .response.attestationObject)" \
        --arg created "$(decoded "$json" .response.clientDataJSON)" \
        --arg challenge "$(hex_of "$work/made" .challenge)" \
        --arg origin "$origin" --arg auth "$(hex_of "$answer" .response.authenticatorData)" \
        --arg got "$(decoded "$answer" .response.clientDataJSON)" \
        --arg der "$(hex_of "$answer" .response.signature)" --arg hash "${hash#0x}" \
        '{id: 1, kind: "webauthn", in: {registration: {attestationObject: $attestation,
          clientDataJSON: $created, challenge: $challenge, origin: $origin, rpId: "localhost"},
          assertions: [{clientDataJSON: $got, authenticatorData: $auth, signatureDer: $der,
          userOpHash: $hash}]}}' >"$work/request"
    valetkey batch <"$work/request" >"$work/judged"
    [ "$(jq -r '.out.assertions[0].accepted' "$work/judged")" = true ] ||
        { cat "$work/judged" && die "the library does not accept the assertion"; }
    # Chain 31337 has no precompiled P-256.
    [[ $signature == *"$(jq -r '.out.assertions[0].signatureFallback' "$work/judged")"* ]] ||
        die "the signature is not around this assertion"
}

# In enable mode, the owner's approval around it; then twice without, by the page's address too.
ask 01 0
browser get "$work/get.json" "$work/assertion.json"
browser look "$VALETKEY_BUILD/clients/passkey.png"
finish_operation
judge
must_fail 'signCount: ' valetkey "${answer[@]}"
ask 00 0
must_fail 'the challenge is not the one that was sent' valetkey "${answer[@]}"
browser open-get "$work/get.json" "$work/assertion.json"
finish_operation
judge
must valetkey userop attach --token main --label phone --input "$work/op.json" --session-part "$signature"
ask 00 1
browser get "$work/get.json" "$work/assertion.json"
finish_operation
judge
# An own end, so that nothing writes into its folder while that is removed.
exec {chromium[1]}>&-
wait "$chromium_PID" || die "Chromium did not end well"
echo "three operations signed by the page's answers; the library's verifier accepts each"
