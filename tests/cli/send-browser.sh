#!/bin/bash
# Sending with a passkey that is with a browser: the operation is kept in a file, what the browser is
# asked is printed, its answer makes the signature. At once, or step by step with "sign", "passkey
# assertion" and "send --signed".
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/browser.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
session .owner.privateKey >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
session .policies >policy.json
main=(--token main --pin-file pin)
import s01
want 0 "${import[@]}" --json
id=$(jq -r .permissionId out)
want 0 approve "${main[@]}" --label s01 --chain-id 31337 --kernel-version 0.3.1 --owner "$(session .owner.address)" \
    --owner-key "pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin" \
    --lint off --json
account=$(jq -r .account out)
serve 31337
send=(send "${main[@]}" --label s01)
gas_left() {
    "$VK_TEST_BUILDDIR/valetkey" key show --token main --label s01 --json |
        jq -r '.grants[0].budgets[] | select(.gasLeft) | .gasLeft'
}

# ---- At once ----
want 1 "${send[@]}" --call "$pay"
err <<'E'
valetkey: the private half of the key "s01" is with a browser, which has to sign
valetkey: add --output op.json, which keeps the operation, and ask the browser what is printed; then "valetkey send --label 's01' --userop op.json --assertion FILE"
E
want 3 "${send[@]}" --call "$steal" --output op.json
grep -q '^valetkey: refused: call: ' err || fail "$(cat err)"
[ ! -e op.json ] || fail "an operation that is refused"
called eth_estimateUserOperationGas 0
before=$(gas_left)
# An operation that cannot be kept is not asked about.
want 6 "${send[@]}" --call "$pay" --output nowhere/op.json
out </dev/null
err <<<'valetkey: cannot write nowhere/op.json: No such file or directory'
want 0 "${send[@]}" --call "$pay" --output op.json
grep -qx "  valetkey send --label 's01' --userop op.json --assertion FILE --wait" out || fail "it is not said what is next"
grep -qx '  origin         http://localhost:8080' out || fail "no origin"
called eth_sendUserOperation 0
same "$(stat -c %a op.json)" 600 "the mode of the file"
# The same may be asked again, of the same operation.
want 0 "${send[@]}" --userop op.json --json
json '[.home, .chainId, .account, .rpId]' "[\"remote\",31337,\"$account\",\"localhost\"]"
hash=$(jq -r .userOpHash out)
asked=$(jq -r .challenge out)
same "$(gas_left)" "$before" "the gas that is left"

# Answers that are not good cost nothing, and nothing is sent.
rm -f calls
answer=("${send[@]}" --userop op.json --assertion assertion.json)
assertion s01 "$(challenge s01)" 2
want 3 "${answer[@]}"
grep -q 'the challenge is not the one that was sent' err || fail "$(cat err)"
assertion s02 "$asked" 2
want 2 "${answer[@]}"
echo 'valetkey: the assertion is of another passkey than "s01"' | err
echo '{}' >assertion.json
want 2 "${answer[@]}"
assertion s01 "$asked" 2
jq '.userOp.callGasLimit = "0x1"' op.json >other.json
want 3 "${answer[@]/op.json/other.json}"
called eth_sendUserOperation 0
same "$(gas_left)" "$before" "the gas that is left"
kept

receipt "$hash" "$(nonce 01 0)"
rm -f calls
want 0 "${answer[@]}" --wait --json
json '[.userOpHash, .included, .success]' "[\"$hash\",true,true]"
called eth_sendUserOperation 1
called eth_estimateUserOperationGas 0
kept
[ "$(gas_left)" != "$before" ] || fail "nothing is reserved"
# An answer is good once.
want 3 "${answer[@]}"
grep -q 'refused: signCount: ' err || fail "$(cat err)"

# ---- Step by step, with the permission installed ----
installed 0
script eth_getUserOperationReceipt '{"result":null}'
want 0 send --token main --label s01 --call "$pay" --dry-run --output plain.json
grep -q '  nonce          default mode, permission ' out || fail "no default mode"
want 0 sign "${main[@]}" --label s01 --input plain.json --json
hash=$(jq -r .userOpHash out)
assertion s01 "$(jq -r .challenge out)" 3
want 0 passkey assertion "${main[@]}" --label s01 --input plain.json --assertion assertion.json --operation
cp out signed.json
rm -f calls
want 0 send --token main --label s01 --signed signed.json --json
called eth_sendUserOperation 1
receipt "$hash" "$(nonce 00 0)"
want 0 send --token main --label s01 --signed signed.json --wait --pin-file pin --json
json '[.userOpHash, .success]' "[\"$hash\",true]"
called eth_sendUserOperation 1
kept
# Another's is not this passkey's, and a key that signs itself needs no browser.
jq -c '.signature |= sub("0xff0"; "0xff1")' signed.json >bad.json
want 2 send --token main --label s01 --signed bad.json
grep -q '^valetkey: the signature is not good: ' err || fail "$(cat err)"
want 0 key create "${main[@]}" --label here --type p256 --policy policy.json --lint off
want 2 send "${main[@]}" --label here --userop plain.json --assertion assertion.json
err <<'E'
valetkey: the key "here" is not with a browser
valetkey: it signs itself: "valetkey sign --help"
E
finish
