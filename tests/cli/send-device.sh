#!/bin/bash
# A session whose key is on a security key, for an account that another token keeps: made in one go, sent
# with in enable mode and after it, a touch each time; refused without one.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/plug.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"

touches_time_out 5
plug key --pin 1234
echo 1234 >device-pin
device=(--token 'FIDO2 security key')
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 token init --label main --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
session .policies >policy.json
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE"
want 0 account create --token main --name home --kernel-version 0.3.1 --owner-key "$uri" --pin-file pin --json
account=$(jq -r .account out)

# ---- The session ----
create=(session create "${device[@]}" --label bot --type p256 --rp-id agent.example --account home --chain-id 31337
    --policy policy.json --lint off --owner-key "$uri" --owner-pin-file pin --pin-file device-pin)
want 5 "${create[@]}"
grep -q '^valetkey: the token "FIDO2 security key" keeps no account "home"$' err || fail "$(cat err)"
want 5 "${create[@]}" --account-token nowhere
err <<'E'
valetkey: there is no token "nowhere" for --account-token
valetkey: see "valetkey token list"
E
want 5 "${create[@]}" --account-token cold
grep -q '^valetkey: the token "cold" keeps no account "home"$' err || fail "$(cat err)"
want 1 "${create[@]}" --account-token pkcs11:object=home
echo 'valetkey: --account-token must name the token: pkcs11:token=LABEL' | err
want 1 "${create[@]}" --account-token 'pkcs11:token=%'
want 5 "${create[@]}" --account-token 'pkcs11:token=mai'
# One that fails leaves no credential.
want 5 "${create[@]/object=owner/object=nobody}" --account-token main
want 0 key list "${device[@]}" --json
json .keys '[]'
want 0 "${create[@]}" --account-token 'pkcs11:token=main' --json
json '[.label, .account, (.sessions | map(.chainId))]' "[\"bot\",\"$account\",[31337]]"
id=$(jq -r .permissionId out)
want 0 session show "${device[@]}" --label bot --account home --account-token main --json
json '[.home, .grants[0].account]' "[\"fido2\",\"$account\"]"
want 5 session show "${device[@]}" --label bot --account home
want 0 session list "${device[@]}" --json
json '.sessions | length' 1

# A session on a token, of the account that another keeps; by the serial number as well.
want 0 token list --json
serial=$(jq -r '.tokens[] | select(.label == "main") | .serial' out)
want 0 token init --label bots --so-pin-file so-pin --pin-file pin
want 0 session create --token bots --label shop --account "$account" --account-token "$serial" --chain-id 31337 \
    --policy policy.json --lint off --owner-key "$uri" --owner-pin-file pin --pin-file pin
want 0 account list --token bots --json
json .accounts '[]'

# ---- Sending ----
serve 31337
send=(send "${device[@]}" --session bot)
want 0 "${send[@]}" --call "$pay" --dry-run --json
json .wouldSign true
want 0 "${send[@]}" --call "$pay" --pin-file device-pin --json
hash=$(jq -r .userOpHash out)
called eth_sendUserOperation 1
kept "$hash"
receipt "$hash" "$(nonce 01 0)"
want 0 "${send[@]}" --resume "$hash" --wait --pin-file device-pin
kept
script eth_getUserOperationReceipt '{"result":null}'
installed 0
want 0 "${send[@]}" --call "$pay" --call "$pay" --pin-file device-pin --json
rm -f calls "$VALETKEY_HOME"/outbox/*

# Nothing is sent that is refused, or not touched.
next_nonce 1
want 3 "${send[@]}" --call "$steal" --pin-file device-pin
grep -q '^valetkey: refused: call: ' err || fail "$(cat err)"
called eth_estimateUserOperationGas 0
tell key touch denied
want 4 "${send[@]}" --call "$pay" --pin-file device-pin
echo 'valetkey: cannot log in to the token: it was declined on the security key' | err
called eth_sendUserOperation 0
kept
tell key touch now
want 0 "${send[@]}" --call "$pay" --pin-file device-pin
called eth_sendUserOperation 1

rm "$VALETKEY_HOME"/outbox/*

# Signed first, sent without the security key's PIN.
next_nonce 2
want 0 "${send[@]}" --call "$pay" --dry-run --output op.json
want 0 sign "${device[@]}" --label bot --input op.json --operation --pin-file device-pin
cp out signed.json
want 0 "${send[@]}" --signed signed.json
called eth_sendUserOperation 2
tell key unplug
want 5 "${send[@]}" --call "$pay" --pin-file device-pin
finish
