#!/bin/bash
# What lint finds: said, kept quiet, or an error; at the command, in the settings, by a command of
# its own.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa

want 0 token init --label main --so-pin-file so-pin --pin-file pin
cat >clean.json <<'EOP'
[{"type":"call","policyVersion":"0.0.4","permissions":[
   {"target":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8","selector":"0x12345678"}]},
 {"type":"gas","allowed":"1"},{"type":"timestamp","validUntil":2000000000},
 {"type":"signature-caller","allowedCallers":[]}]
EOP
jq '.[2].validUntil = 2000000000000 | .[1].allowed = 0' clean.json >bad.json
milliseconds='2000000000000 is a time in milliseconds, but seconds are meant, in which it is 65347-06-24T03:33:20Z: the key never expires; write 2000000000'
zero='the budget is 0, so every operation that pays a fee is refused, with a paymaster too; write the wei that all operations together may cost'

# ---- Making a key ----

create=(key create --pin-file pin)
keys() {
    want 0 key list --json
    json '.keys | length' "$1"
}
want 0 "${create[@]}" --label clean --policy clean.json
err </dev/null
want 0 "${create[@]}" --label clean-json --policy clean.json --lint error --json
json .findings '[]'
want 0 "${create[@]}" --label warned --policy bad.json
err <<EOE
valetkey: warning: policies[2].validUntil: $milliseconds [milliseconds]
valetkey: warning: policies[1].allowed: $zero [zero-gas]
EOE
grep -q warning out && fail "a warning on standard output"
want 0 "${create[@]}" --label warned-json --policy bad.json --lint warn --json
json '[.findings[] | .code, .path]' '["milliseconds","policies[2].validUntil","zero-gas","policies[1].allowed"]'
json '.findings[0].message' "$milliseconds"
want 0 "${create[@]}" --label quiet --policy bad.json --lint=off
err </dev/null
want 0 "${create[@]}" --label no-policy --lint error
keys 6
want 2 "${create[@]}" --label refused --policy bad.json --lint error
err <<EOE
valetkey: error: policies[2].validUntil: $milliseconds [milliseconds]
valetkey: error: policies[1].allowed: $zero [zero-gas]
valetkey: the policy is not accepted: lint finds 2 things that are probably not meant
valetkey: correct the policy, or let pass what is meant with --lint-allow CODE,...
EOE
out </dev/null
want 2 "${create[@]}" --label refused --policy bad.json --lint error --json
json '.error | .exitStatus, .kind, .field, (.findings | length)' \
    "$(printf '2\ninput\npolicies[2].validUntil\n2')"
want 2 "${create[@]}" --label refused --policy bad.json --lint error --lint-allow zero-gas
tail -n 2 err | head -n 1 >last && mv last err
echo 'valetkey: the policy is not accepted: lint finds 1 thing that is probably not meant' | err
keys 6
want 0 "${create[@]}" --label allowed --policy bad.json --lint error \
    --lint-allow zero-gas,milliseconds
err </dev/null
want 1 "${create[@]}" --label x --policy bad.json --lint some
echo 'valetkey: --lint is "some", but must be off, warn or error' | err
want 1 "${create[@]}" --label x --lint-allow zero-gas,zero-gass
echo 'valetkey: --lint-allow: lint knows no code "zero-gass"' | err

# ---- Importing one: the account and its EntryPoint are known ----

session .serializedAccount >account.txt
session .session.privateKey >key.hex
account=$(session .account)
import=(key import --label session --pin-file pin --key-file key.hex)
want 2 "${import[@]}" --policy bad.json --lint error
grep -q '\[zero-gas\]' err || fail "nothing is found in the policy"
want 2 "${import[@]}" --serialized account.txt --chain-id 31337 --lint error --json
json '[.error.findings[].code]' '["batch-multiplies","signatures-open"]'
keys 7
want 0 "${import[@]}" --serialized account.txt --chain-id 31337 --json
json '[.findings[].code]' '["batch-multiplies","signatures-open"]'
grep -c '^valetkey: warning: ' err >count
same "$(cat count)" 2 "the number of warnings"

# ---- Approving one ----

jq --arg account "$account" '.[0].permissions[0].target = $account' clean.json >self.json
want 0 "${create[@]}" --label self --policy self.json
err </dev/null
approve=(approve --label self --chain-id 31337 --kernel-version 0.3.1 --account "$account"
    --owner "$(session .owner.address)")
want 0 "${approve[@]}"
err <<'EOE'
valetkey: warning: policies[0].permissions[0].target: the target is the account itself: a call there can lift limits of this session, or of others; leave the permission out, or do such calls with the owner's key [privileged-target]
EOE
want 0 "${approve[@]}" --json
json '[.findings[].code]' '["privileged-target"]'
want 0 "${approve[@]}" --json --lint off
json '[.findings[].code]' '[]'
want 2 "${approve[@]}" --pre-installed --pin-file pin --lint error
want 0 key show --label self --json
json '.grants | length' 0
want 0 "${approve[@]}" --pre-installed --pin-file pin --lint error --lint-allow privileged-target
want 0 key show --label self --json
json '.grants | length' 1

# ---- A command of its own ----

want 0 lint clean.json
echo 'Nothing was found.' | out
want 2 lint bad.json
out <<EOE
policies[2].validUntil: $milliseconds [milliseconds]
policies[1].allowed: $zero [zero-gas]
EOE
err </dev/null
want 2 lint --json --policy bad.json
json '[.findings[].code]' '["milliseconds","zero-gas"]'
want 0 lint bad.json --lint-allow 'milliseconds zero-gas' --json
json . '{"findings":[]}'
want 0 lint clean.json --at 2033-05-18T03:33:20Z
want 2 lint clean.json --at 2000000001 --json
json '.findings[0].code' expired
want 0 lint self.json
want 2 lint self.json --account "$account" --json
json '.findings[0].code' privileged-target
jq '. + [{"type":"rate-limit","policyAddress":"0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B","count":1,"interval":60}]' \
    clean.json >refill.json
want 0 lint refill.json --entry-point 0.7
want 2 lint refill.json --entry-point 0.8 --json
json '.findings[0] | .code, .path' "$(printf 'refill-never-valid\npolicies[4]')"
jq -c '.thirdweb[] | select(.code == "any-target").hit.request' \
    "$VK_TEST_SRCDIR/tests/unit/lint.json" >request.json
want 2 lint request.json --at 1767225600 --json
json '[.findings[].code]' '["any-target","signatures-open"]'
jq 'del(.uid)' request.json >no-uid.json
want 2 lint no-uid.json --json
json .error.field uid
step="valetkey lint -"
"$VK_TEST_BUILDDIR/valetkey" lint - --json <bad.json >out 2>err
same $? 2 "the exit status"
json '.findings | length' 2

want 2 lint nowhere.json
echo '{}' >changed.json
want 2 lint changed.json --json
json .error.field policies
want 1 lint
want 1 lint a.json b.json
err <<'EOE'
valetkey: --policy is given twice
valetkey: see "valetkey --help"
EOE
want 1 lint clean.json --entry-point 0.5
echo 'valetkey: --entry-point is "0.5", but must be 0.6, 0.7, 0.8 or 0.9, or the address of one of them' | err
want 1 lint clean.json --lint error

# ---- The settings ----

settings=$VALETKEY_HOME/valetkey.conf
echo 'lint = off' >"$settings"
want 0 "${create[@]}" --label off --policy bad.json
err </dev/null
want 2 "${create[@]}" --label on --policy bad.json --lint error
echo 'lint = error' >"$settings"
want 2 "${create[@]}" --label strict --policy bad.json --lint off --lint-allow zero-gas,milliseconds
tail -n 1 err >last && mv last err
echo 'valetkey: valetkey.conf says lint = error; its line lint-allow = CODE,... lets pass what is meant' | err
want 0 "${create[@]}" --label strict --policy clean.json
want 2 "${approve[@]}"
printf 'lint = error\nlint-allow = zero-gas milliseconds\n' >"$settings"
want 0 "${create[@]}" --label let --policy bad.json
want 0 lint bad.json
echo 'lint = error!' >"$settings"
want 2 "${create[@]}" --label unread --policy clean.json
grep -q 'line 1: lint is "error!"' err || fail "another message"
# ---- The guide ----

step="the guide's table"
sed -n 's/^    \[VK_LINT_[A-Z_]*\] = "\([a-z-]*\)",$/\1/p' "$VK_TEST_SRCDIR/src/policy/lint.c" | sort >codes
same "$(wc -l <codes)" 46 "the number of codes"
sed -n '/^| code |/,/^$/s/^| `\([a-z-]*\)` |.*/\1/p' "$VK_TEST_SRCDIR/doc/guide.md" | sort | diff -u codes - ||
    fail "it has other codes than there are"
finish
