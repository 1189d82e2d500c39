# What a browser says, for the tests of the command: the registrations that Chromium made, and assertions
# made here, with openssl and the vectors' private keys. Source it after lib.sh. The command's token and
# PIN are in main=(...), the policy is in policy.json.
# shellcheck shell=bash disable=SC2034,SC2154

command -v openssl >/dev/null || exit 77
chromium=$vectors/webauthn

bytes() { # of hex
    # shellcheck disable=SC2059
    printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"
}
base64url() { basenc --base64url -w0 | tr -d =; }
hex_of() { od -An -v -tx1 | tr -d ' \n'; }
of() { jq -r "$2" "$chromium/$1.json"; }

# registration NAME: RegistrationResponseJSON, as PublicKeyCredential.toJSON() writes it.
registration() {
    jq -c --arg attestation "$(bytes "$(of "$1" .registration.attestationObject)" | base64url)" \
        --arg client "$(of "$1" .registration.clientDataJSON | tr -d '\n' | base64url)" \
        '{id: .registration.credentialIdB64url, rawId: .registration.credentialIdB64url,
          type: "public-key", authenticatorAttachment: "platform", clientExtensionResults: {},
          response: {attestationObject: $attestation, clientDataJSON: $client,
                     transports: .registration.transports, publicKeyAlgorithm: -7}}' \
        "$chromium/$1.json"
}
challenge() { bytes "$(of "$1" .registration.challenge)" | base64url; }
# import NAME: the arguments.
import() {
    import=(passkey import --label "$1" "${main[@]}" --policy policy.json --registration answer.json
        --rp-id "$(of "$1" .rpId)" --origin "$(of "$1" .origin)" --challenge "$(challenge "$1")"
        --lint off)
    registration "$1" >answer.json
}

# assertion NAME CHALLENGE COUNT [FLAGS]: AuthenticationResponseJSON in assertion.json.
assertion() {
    bytes "$(of "$1" .testOnlyPrivateKeyPkcs8)" >key.der
    {
        of "$1" .rpId | tr -d '\n' | openssl dgst -sha256 -binary
        bytes "${4:-05}$(printf %08x "$3")"
    } >auth_data
    printf '{"type":"webauthn.get","challenge":"%s","origin":"%s","crossOrigin":false}' "$2" \
        "$(of "$1" .origin)" >client_data
    {
        cat auth_data
        openssl dgst -sha256 -binary client_data
    } >signed
    openssl dgst -sha256 -sign key.der -keyform DER signed >signature
    jq -nc --arg id "$(of "$1" .registration.credentialIdB64url)" \
        --arg auth "$(base64url <auth_data)" --arg client "$(base64url <client_data)" \
        --arg signature "$(base64url <signature)" \
        '{id: $id, rawId: $id, type: "public-key", clientExtensionResults: {},
          response: {authenticatorData: $auth, clientDataJSON: $client, signature: $signature,
                     userHandle: null}}' >assertion.json
}
