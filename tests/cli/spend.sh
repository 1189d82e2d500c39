#!/bin/bash
# Spend rules: what several operations take together, what is open, what the SO gives back.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
usdc=0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
account=0x364fe8e7d96fC0cE795E3602928df956E382c4b3

want 0 token init --label main --so-pin-file so-pin --pin-file pin
session .serializedAccount >account.txt
session .session.privateKey >key.hex
import=(key import --label usdc --key-file key.hex --serialized account.txt --chain-id 31337
    --pin-file pin --lint off)
want 0 "${import[@]}"
for i in 0 1 2; do
    session ".operations[$i].userOp" >"op$i.json"
done
want 0 spend list
echo 'There are no spend rules.' | out

# What is not a rule.
set=(spend set --chain-id 31337 --so-pin-file so-pin)
want 1 "${set[@]}" --name daily --limit 40USDC --period 1d
want 1 "${set[@]}" --name daily --native --erc20 $usdc --limit 40USDC --period 1d
want 1 "${set[@]}" --name daily --erc20 $usdc --limit 40DAI --period 1d
want 1 "${set[@]}" --name daily --erc20 $usdc --limit 0.0000001USDC --period 1d
want 1 "${set[@]}" --name daily --native --limit 1USDC --period 1d
want 1 "${set[@]}" --name daily --erc20 $usdc --limit 40USDC --period soon
want 2 "${set[@]}" --name daily --erc20 $usdc --limit 40USDC --period 0
echo 'valetkey: cannot set the spend rule: period: a period of 0 seconds is not from 1 second to 3650 days' | err
want 2 "${set[@]}" --name '' --erc20 $usdc --limit 40USDC --period 1
want 4 spend set --name daily --chain-id 31337 --erc20 $usdc --limit 40USDC --period 1d --so-pin-file pin
want 5 spend add-grant --name daily --label usdc --so-pin-file so-pin
want 5 spend remove --name daily --so-pin-file so-pin
want 0 spend list --json
json .rules '[]'

want 0 "${set[@]}" --name daily --erc20 $usdc --limit 40USDC --period 1d
echo 'The spend rule "daily" is set.' | out
want 5 spend add-grant --name daily --label nobody --so-pin-file so-pin
want 0 spend add-grant --name daily --label usdc --so-pin-file so-pin
echo "The spend rule \"daily\" counts the key \"usdc\" for $account." | out
want 2 spend add-grant --name daily --label usdc --so-pin-file so-pin
want 0 spend list
out <<EOF
daily
  at most        40 USDC in 1 day
  of             USDC ($usdc) on chain 31337
  open           0 USDC, signed and not known to be included
  included       0 USDC in 1 day
  left           40 USDC
  grant          "usdc" for $account
EOF

# What an operation would take, and what it took.
want 0 explain --label usdc --input op0.json
grep -q '^  spend daily    allowed  the spend rule "daily" allows 40 USDC in 1 day; 0 USDC are spent or reserved, this operation takes 25 USDC more$' out ||
    fail "explain does not tell of the rule"
want 0 sign --label usdc --input op0.json --pin-file pin
want 0 sign --label usdc --input op0.json --pin-file pin
want 0 spend list --json
json '.rules[0] | [.name, .token, .chainId, .limit, .period, .open, .included, .left, .grants[0].label]' \
    "[\"daily\",\"$usdc\",31337,\"40000000\",86400,\"25000000\",\"0\",\"15000000\",\"usdc\"]"
want 0 key show --label usdc
grep -q '^    spend rule   "daily": 15 USDC left of 40 USDC in 1 day$' out || fail "key show does not name the rule"
want 0 key show --label usdc --json
json '.grants[0].spendRules' '[{"name":"daily","left":"15000000"}]'

refusal='the spend rule "daily" allows 40 USDC in 1 day; 25 USDC are spent or reserved, this operation takes 100 USDC more'
want 3 explain --label usdc --input op1.json
sed -n '1p;$p' out >ends && mv ends out
out <<EOF
Refused: $refusal.
No chain knows spend rules: this token alone keeps them.
EOF
want 3 explain --label usdc --input op1.json --json
json '[.rule, .verdict.reason, .chainError]' "[\"spend\",$(jq -n --arg r "$refusal" '$r'),null]"
want 3 sign --label usdc --input op1.json --pin-file pin
err <<EOF
valetkey: refused: spend: $refusal
valetkey: "valetkey explain" shows what each rule says
EOF
want 0 audit list --last 1 --json
json '.records[0] | [.event, .rule, .reason]' "[\"denied\",\"spend\",$(jq -n --arg r "$refusal" '$r')]"

# A message may be a permit.
want 3 sign --label usdc --message hello --pin-file pin
grep -q '^valetkey: refused: spend: a spend rule names this grant' err || fail "a message is signed"
want 3 explain --label usdc --message hello --json
json .rule spend

# The rule outlives the key; a wider one takes more.
want 0 key remove --label usdc --pin-file pin
want 0 spend list --json
json '.rules[0] | [.open, .grants, .grantsOfOtherKeys]' '["25000000",[],1]'
want 0 "${import[@]}"
want 3 explain --label usdc --input op1.json --json
json .rule spend
want 0 "${set[@]}" --name daily --erc20 $usdc --limit 130USDC --period 1d
want 0 sign --label usdc --input op1.json --pin-file pin
want 0 spend list --json
json '.rules[0].left' 5000000
want 0 budget release --label usdc --nonce "$(jq -r .nonce op1.json)" --so-pin-file so-pin
want 0 spend list --json
json '.rules[0].left' 105000000

# As the SO takes it back.
want 0 spend remove-grant --name daily --label usdc --so-pin-file so-pin
echo "The spend rule \"daily\" counts the key \"usdc\" for $account no more." | out
want 5 spend remove-grant --name daily --label usdc --so-pin-file so-pin
want 0 sign --label usdc --input op1.json --pin-file pin
want 0 spend remove --name daily --so-pin-file so-pin --json
json '[.name, .removed]' '["daily",true]'
want 0 spend list
echo 'There are no spend rules.' | out
want 0 audit verify --pin-file pin

finish
