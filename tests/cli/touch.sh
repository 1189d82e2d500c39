#!/bin/bash
# Security keys that unlock a token, from the command. The authenticators are tests/authenticator's.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/plug.sh"

touches_time_out 3
echo 1234 >device-pin
echo 4321 >wrong-pin
plug blue --pin 1234

want 0 token init --label main --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 token init --label other --so-pin-file so-pin --pin-file pin
want 0 token list
grep -q "FIDO2 security key .*, at unix:$work/blue" out || fail "where is the security key?"
want 0 token list --json
json '[.tokens[] | .place] | map(select(. != null)) | length' 1

# Wrong words.
want 0 token enrollments --token main
out <<<'No security key unlocks the token.'
want 1 token enroll --token main --pin-file pin --so-pin-file so-pin
want 1 token enroll --token main --instead-of-pin --pin-file pin
want 1 token enroll --token main --name '' --pin-file pin
want 5 token enroll --token main --device red --pin-file pin --device-pin-file device-pin
err <<END
valetkey: there is no security key "red"
valetkey: see "valetkey token list"
END
want 4 token enroll --token main --pin-file pin
err <<END
valetkey: a PIN is needed, and there is no terminal to ask on
valetkey: give it with --device-pin-file FILE
END
want 4 token enroll --token main --pin-file pin --device-pin-file wrong-pin
want 4 token enroll --token main --pin-file wrong-pin --device-pin-file device-pin
want 5 key create --token main --label k --unlock
want 0 token enrollments --token main --json
json .enrollments '[]'

# Its PIN and a touch, beside the user PIN.
want 0 token enroll --token main --name 'blue key' --pin-file pin --device-pin-file device-pin
out <<END
Enrolled the security key "blue key" (number 1) with the token "main".
From now on its PIN (or a finger) and a touch unlock the token, as the user PIN does.
END
want 2 token enroll --token main --pin-file pin --device-pin-file device-pin
err <<<'valetkey: cannot enroll the security key: this security key unlocks the token already: it is number 1'
want 0 key create --token main --label first --unlock --device-pin-file device-pin
want 4 key create --token main --label second --unlock --device-pin-file wrong-pin
want 4 key create --token main --label second --unlock
want 1 key create --token main --label second --unlock --pin-file pin
want 0 key create --token main --label second --pin-file pin
want 0 budget list --token main --device-pin-file device-pin
want 5 key create --token other --label k --unlock --device-pin-file device-pin

# A touch alone.
plug red
want 1 token enroll --token main --pin-file pin --touch-only
grep -q "choose one by its place with --device: unix:$work/blue, unix:$work/red" err ||
    fail "which one?"
want 4 token enroll --token main --pin-file pin --device "unix:$work/red"
want 0 token enroll --token main --pin-file pin --touch-only --device "unix:$work/red" --json
json '[.token, .id, .kind, .insteadOfPin]' '["main",2,"touch",false]'
want 0 token enrollments --token main
out <<END
ID   NAME                             KIND
1    blue key                         verified
2    FIDO2 security key               touch
END
want 0 key create --token main --label third
want 0 key certify --token main --label third
want 0 budget list --token main --unlock
want 0 audit verify --token main --unlock
json_of_list() { jq -r '.tokens[] | select(.label == "main") | .userPin' out; }
want 0 token list --json
same "$(json_of_list)" ok "the state of the user PIN"

# On a terminal, it says that a touch is wanted.
script -qec "'$VK_TEST_BUILDDIR/valetkey' key create --token main --label fourth" said </dev/null >/dev/null
grep -q 'Touch the security key to unlock the token' said || fail "nobody knows of the touch"
grep -q 'Made the secp256k1 key "fourth"' said || fail "no key was made"

# Declined; in time nobody comes.
tell red touch denied
want 4 key create --token main --label fifth --unlock
err <<<'valetkey: cannot unlock the token: it was declined on the security key'
tell red touch never
want 6 key create --token main --label fifth
tell red touch now

# In place of the PIN.
want 0 token unenroll --token main --id 1 --pin-file pin
want 5 token unenroll --token main --id 1 --so-pin-file so-pin
want 1 token unenroll --token main --id x --so-pin-file so-pin
want 0 token enroll --token main --device "unix:$work/blue" --instead-of-pin --so-pin-file so-pin \
    --device-pin-file device-pin --json
json '[.id, .kind, .insteadOfPin]' '[3,"verified",true]'
want 0 token unenroll --token main --id 2 --so-pin-file so-pin
want 4 key create --token main --label fifth --pin-file pin
want 0 key create --token main --label fifth --device-pin-file device-pin
want 0 budget list --token main --device-pin-file device-pin
want 0 key create --token main --label sixth --pin-file device-pin

# A PIN is not tried on a security key that it may not be of.
plug green --pin 4321
want 0 token enroll --token main --device "unix:$work/green" --so-pin-file so-pin --device-pin-file wrong-pin
out <<END
Enrolled the security key "FIDO2 security key" (number 4) with the token "main".
From now on its PIN (or a finger) and a touch unlock the token.
END
for command in "key create --label seventh" "budget list"; do
    want 1 $command --token main --device-pin-file wrong-pin
    err <<END
valetkey: several security keys that are plugged in unlock the token "main" by PIN
valetkey: leave the one plugged in whose PIN you give
END
done
want 0 token unenroll --token main --id 4 --so-pin-file so-pin

want 2 token unenroll --token main --id 3 --device-pin-file device-pin
want 0 token unenroll --token main --id 3 --so-pin-file so-pin
want 0 token enrollments --token main --json
json .enrollments '[]'

# ---- Step-up: a key that wants a touch ----
file=ecdsa
tell blue touch now
cat >small.json <<'END'
{"name":"small","policies":[{"type":"call","policyVersion":"0.0.4","permissions":[
  {"target":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8","valueLimit":"1000"}]}]}
END
want 0 token init --label hot --so-pin-file so-pin --pin-file pin
session .policies >policy.json
session .session.privateKey >key.hex
new=(key create --token hot --label shop --policy policy.json --pin-file pin)
want 1 "${new[@]}" --step-up-above 1ether
want 1 "${new[@]}" --step-up-device "unix:$work/blue"
want 1 "${new[@]}" --step-up-device "unix:$work/blue" --step-up-above 1ether --step-up small.json
want 1 "${new[@]}" --step-up-device "unix:$work/blue" --step-up-above much
want 2 "${new[@]}" --step-up small.json
want 5 "${new[@]}" --step-up-device green --step-up-above 1ether
want 2 "${new[@]}" --step-up-device "unix:$work/red" --step-up-unless policy.json
want 4 "${new[@]}" --step-up-device "unix:$work/blue" --step-up-above 1ether
want 0 "${new[@]}" --step-up-device "unix:$work/blue" --step-up-above 0.1ether \
    --step-up-unless small.json --device-pin-file device-pin
want 0 key show --token hot --label shop --json
json '[.stepUp.device.name, .stepUp.above, .stepUp.unless.name]' \
    '["FIDO2 security key","100000000000000000","small"]'
jq .stepUp out >rule.json
want 0 key show --token hot --label shop
grep -q '  A touch of the security key "FIDO2 security key" is needed' out || fail "no word of the touch"
want 0 key create --token hot --label many --count 3 --policy policy.json --step-up rule.json \
    --pin-file pin
want 0 key show --token hot --label many-3 --json
jq .stepUp out | diff -u rule.json - || fail "another rule"

# What the SO says of it later.
set_key=(key set --token hot --label many-3 --so-pin-file so-pin)
want 1 "${set_key[@]}"
want 1 "${set_key[@]}" --no-step-up --step-up rule.json
want 1 "${set_key[@]}" --step-up-above 1ether
want 2 "${set_key[@]}" --step-up small.json
want 2 "${set_key[@]}" --allow-logins
jq -c '.above = "7"' rule.json >other.json
want 0 "${set_key[@]}" --step-up other.json
out <<<'The key "many-3" on the token "hot" has a new step-up rule.'
want 0 key show --token hot --label many-3 --json
json .stepUp.above 7
want 0 "${set_key[@]}" --step-up-device "unix:$work/blue" --step-up-above 9 \
    --device-pin-file device-pin --json
json '[.label, .stepUp.above]' '["many-3","9"]'
want 0 "${set_key[@]}" --no-step-up
out <<<'The key "many-3" on the token "hot" has no step-up rule any more.'
want 5 "${set_key[@]}" --no-step-up
err <<<'valetkey: the key "many-3" has no step-up rule'
want 0 audit list --token hot --label many-3 --json
json '[.records[] | select(.event == "settings") | .reason]' \
    '["the SO set a step-up rule, with the security key \"FIDO2 security key\"","the SO set a step-up rule, with the security key \"FIDO2 security key\"","the SO took the step-up rule away"]'
want 0 key show --token hot --label many-3 --json
json .stepUp null
want 0 key show --token hot --label many-2 --json
json .stepUp.above 100000000000000000

# The session of the SDK, touched for: its operations move tokens to somebody who is not named.
session .serializedAccount >account.txt
want 0 key import --token hot --label sdk --key-file key.hex --serialized account.txt \
    --chain-id 31337 --step-up rule.json --pin-file pin
session '.operations[0].userOp' >op.json
want 0 explain --token hot --label sdk --input op.json
grep -q 'would sign after a touch of the security key "FIDO2 security key"' out || fail "no touch"
grep -q 'touch          allowed  needs a touch of the security key .*: it is not "small": ' out ||
    fail "no reason"
want 0 explain --token hot --label sdk --input op.json --json
json '[.wouldSign, .touch.needed, .touch.device]' '[true,true,"FIDO2 security key"]'
tell blue touch denied
want 3 sign --token hot --label sdk --input op.json --pin-file pin
grep -q 'refused: touch: the touch was declined on the security key' err || fail "another reason"
tell blue touch never
want 6 sign --token hot --label sdk --input op.json --pin-file pin
tell blue unplug
want 5 sign --token hot --label sdk --input op.json --pin-file pin
grep -q 'cannot sign: the security key "FIDO2 security key" is not plugged in, and this needs its touch' err ||
    fail "another reason"
tell blue plug
tell blue touch now
tell blue misbehave garbage
want 6 sign --token hot --label sdk --input op.json --pin-file pin
grep -q 'if a touch is needed, it may be the security key "FIDO2 security key"' err || fail "whose fault is it?"
tell blue misbehave none
jq -c '.device.verified = true' rule.json >finger.json
want 0 key set --token hot --label sdk --step-up finger.json --so-pin-file so-pin
want 4 sign --token hot --label sdk --input op.json --pin-file pin
grep -q 'the security key "FIDO2 security key" has to verify its user, and cannot do so by itself' err ||
    fail "who has to log in to what?"
want 0 key set --token hot --label sdk --step-up rule.json --so-pin-file so-pin
want 0 budget list --token hot --label sdk --pin-file pin --json
json '[.grants[].reservations[]] | length' 0
want 0 sign --token hot --label sdk --input op.json --pin-file pin
same "$(lower <out)" "$(session '.operations[0].signature' | lower)" "the signature"
want 0 audit list --token hot --label sdk
grep -q '    touch: the security key "FIDO2 security key" was touched: it is not "small"' out ||
    fail "no record of the touch"
want 0 audit verify --token hot --pin-file pin
finish
