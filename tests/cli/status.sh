#!/bin/bash
# session status: what each rule has left by the chain's count, beside the token's. The node is a program
# on this machine that answers as script.json says.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"

bob=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
gas=0xaeFC5AbC67FfD258abD0A3E54f65E70326F84b23
rate=0xf63d4139B25c836334edD76641356c6b74C86873
reset=0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B
signer=0x6a6f069e2a08c2468e7724ab3250cdbfba14d4ff # of secp256k1 keys, the published contract
later=4102444800                                  # 2100-01-01T00:00:00Z
words() { printf '0x'; for number in "$@"; do word "$number"; done; }

want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 key create --token cold --label owner --pin-file pin --json
owner=$(jq -r .address out)
jq -n --arg bob $bob --arg reset $reset --argjson later $later '[
    {type: "call", policyVersion: "0.0.4", permissions: [{target: $bob, valueLimit: "1000"}]},
    {type: "gas", allowed: "20000000000000000"},
    {type: "rate-limit", count: 3, interval: 60, startAt: $later},
    {type: "rate-limit", policyAddress: $reset, count: 10, interval: 3600}]' >policy.json
want 0 key create --token main --label shop --policy policy.json --lint off --pin-file pin
want 0 approve --token main --label shop --chain-id 31337 --kernel-version 0.3.1 --owner "$owner" --lint off \
    --owner-key "pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE" --owner-pin-file pin --pin-file pin

jq -n --arg zero "$(words 0)" '{chainId: 31337, log: "calls", answers: {
    eth_chainId: {result: "0x7a69"}, eth_getCode: {result: "0x"}, eth_getBalance: {result: "0x0"},
    "eth_call:0x70a08231": {result: $zero}}}' >script.json
listen script.json url
jq -R '{"31337": {node: {url: .}, bundler: {url: .}}}' url >"$VALETKEY_HOME/chains.json"
# tells SELECTOR CONTRACT NUMBER...: what the contract returns.
tells() {
    local call=eth_call:$1:$2
    shift 2
    script "$call" "{\"result\":\"$(words "$@")\"}"
}
status=(session status --token main --label shop)

# ---- A permission that is not installed: no contract counts, and none is asked ----
rm -f calls
want 0 "${status[@]}" --json
json '[.sessions[0].budgets[] | [.rule, .onChain]]' '[["gas",null],["rate-limit",null],["rate-limit",null]]'
json '.sessions[0].budgets[0] | [.gasAllowed, .gasLeft]' '["20000000000000000","20000000000000000"]'
json '.sessions[0].budgets[1] | [.count, .countLeft, .nextTime]' "[3,3,$later]"
json '.sessions[0].budgets[2] | [.count, .countLeft, .windowEnd]' '[10,10,null]'
! grep -q '0xf69414c9\|0x8712147a\|0x48edf4e1' calls || fail "$(cat calls)"

# ---- Installed ----
installed 0 $signer
tells 0xf69414c9 $gas 15000000000000000 0 0
tells 0x8712147a $rate 60 2 $((later + 60))
tells 0x8712147a $reset 3600 10
tells 0x48edf4e1 $reset 4 $((later + 3600))
want 0 "${status[@]}" --json
json '[.sessions[0] | .permission, (.budgets | length)]' '["installed",3]'
json '[.sessions[0].budgets[].onChain]' "[{\"gasLeft\":\"15000000000000000\"},{\"countLeft\":2,\"nextTime\":$((later + 60))},{\"countLeft\":4,\"windowEnd\":$((later + 3600))}]"
json '.sessions[0].budgets[1] | [.countLeft, .nextTime]' "[3,$later]"
want 0 "${status[@]}"
tail -n 3 out >last && mv last out
out <<'END'
  gas left       0.02 of 0.02 ether by the token's count; 0.015 ether by the chain's
  count left     3 of 3 by the token's count, the next from 2100-01-01T00:00:00Z; 2 by the chain's, the next from 2100-01-01T00:01:00Z
  count left     10 of 10 by the token's count; 4 by the chain's until 2100-01-01T01:00:00Z
END

# A window that is over has all of its operations; a lifetime's are over for good.
tells 0x48edf4e1 $reset 0 1000
tells 0x8712147a $rate 60 0 $((later + 180))
want 0 "${status[@]}" --json
json '[.sessions[0].budgets[1:][].onChain]' '[{"countLeft":0},{"countLeft":10}]'

# ---- Contracts that do not tell, and a node that does not answer ----
tells 0xf69414c9 $gas 15
tells 0x8712147a $rate 60 2
script "eth_call:0x48edf4e1:$reset" '{"error":{"code":3,"message":"execution reverted"}}'
want 0 "${status[@]}" --json
json '[.sessions[0].budgets[].onChain]' '[null,null,null]'
want 0 "${status[@]}"
tail -n 1 out >last && mv last out
out <<<"  count left     10 of 10 by the token's count; not known by the chain's"
script "eth_call:0x8712147a:$reset" '{"drop":true}'
want 8 "${status[@]}"
grep -q '^valetkey: cannot ask what a rule has left: ' err || fail "$(cat err)"
finish
