#!/usr/bin/env bash
# session status on a chain: what gas rules and rate limits have left by the count of contracts there. The
# account and the policies are stand-ins (rules.mjs) with the public getters of the published ones.
# $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_chain
node "$chain_dir/rules.mjs" >"$work/rules.json"
start_chains --no-bundler
start_tools

gas=0xaeFC5AbC67FfD258abD0A3E54f65E70326F84b23
rate=0xf63d4139B25c836334edD76641356c6b74C86873
reset=0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B
signer=0x6A6F069E2a08c2468e7724Ab3250CdBFBA14D4FF
later=4102444800 # 2100-01-01T00:00:00Z

# ---- A session, and its contracts ----
new_token cold
valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
owner=$(valetkey key create --token cold --label owner --pin-file "$work/pin" --json | jq -r .address)
jq -n --arg reset $reset --argjson later $later '[
    {type: "call", policyVersion: "0.0.4", permissions: [{target: $reset, valueLimit: "1"}]},
    {type: "gas", allowed: "20000000000000000"},
    {type: "rate-limit", count: 3, interval: 60, startAt: $later},
    {type: "rate-limit", policyAddress: $reset, count: 10, interval: 3600}]' >"$work/policy.json"
valetkey key create --token main --label shop --policy "$work/policy.json" --lint off --pin-file "$work/pin" --json >"$work/key"
id=$(jq -r .permissionId "$work/key")
valetkey approve --token main --label shop --chain-id "$chain_id" --kernel-version 0.3.1 --owner "$owner" --lint off \
    --owner-key "pkcs11:token=cold;object=owner?module-path=$module" --owner-pin-file "$work/pin" \
    --pin-file "$work/pin" --json >"$work/grant"
account=$(jq -r .account "$work/grant")
jq -n --arg id "$chain_id" --arg rpc "$rpc" '{($id): {node: {url: $rpc}, bundler: {url: $rpc}}}' >"$VALETKEY_HOME/chains.json"

# put CONTRACT ADDRESS
put() { on_chain anvil_setCode "[\"$2\",$(jq ".$1" "$work/rules.json")]" >"$work/out"; }
put Account "$account"
put GasPolicy $gas
put RateLimitPolicy $rate
put RateLimitPolicyReset $reset
# does ADDRESS FUNCTION WORD...: words are numbers, or hex without 0x.
word() { [ ${#1} = 64 ] && printf '%s' "$1" || printf '%064x' "$1"; }
does() {
    local to=$1 data word
    data=$(js selector "$2")
    shift 2
    for word in "$@"; do data+=$(word "$word"); done
    transact "$to" "$data"
}
whose=("${id#0x}$(printf '%056d' 0)" "$(printf '%024d' 0)${account#0x}")
status() { valetkey session status --token main --label shop --json | jq -c ".sessions[0] | $1"; }
# same FILTER WANTED
same() {
    local got
    got=$(status "$1")
    [ "$got" = "$2" ] || die "$1 is $got, not $2"
}

# ---- Not installed, installed, used ----
same '[.permission, .budgets[].onChain]' '["absent",null,null,null]'
does "$account" 'install(address)' "$(printf '%024d' 0)${signer#0x}"
does $gas 'install(bytes32,address,uint128)' "${whose[@]}" 20000000000000000
does $rate 'install(bytes32,address,uint48,uint48,uint48)' "${whose[@]}" 60 3 $later
does $reset 'install(bytes32,address,uint48,uint48)' "${whose[@]}" 3600 10
same '[.permission, .budgets[0].onChain, .budgets[1].onChain, .budgets[2].onChain.countLeft]' \
    "[\"installed\",{\"gasLeft\":\"20000000000000000\"},{\"countLeft\":3,\"nextTime\":$later},10]"
does $gas 'use(bytes32,address,uint128)' "${whose[@]}" 4999999999999999
does $rate 'use(bytes32,address)' "${whose[@]}"
for _ in 1 2 3; do does $reset 'use(bytes32,address)' "${whose[@]}"; done
same '[.budgets[0].onChain, .budgets[1].onChain, .budgets[2].onChain.countLeft]' \
    "[{\"gasLeft\":\"15000000000000001\"},{\"countLeft\":2,\"nextTime\":$((later + 60))},7]"
same '.budgets[2].onChain.windowEnd - now | . > 3000 and . < 3700' true
same '[.budgets[] | .gasLeft, .countLeft]' '["20000000000000000",null,null,3,null,10]'

# ---- A contract that does not tell ----
put GasPolicy $rate
same '.budgets[1].onChain' null
valetkey session status --token main --label shop
