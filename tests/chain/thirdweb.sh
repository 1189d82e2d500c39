#!/usr/bin/env bash
# Sessions of thirdweb accounts on a chain: an admin approves a key of the token, the account takes it,
# operations that it signs are mined; what the policy forbids is refused by the token, and by the chain
# in the words that the token foretells when another signer sends it. $VALETKEY_BUILD is the build
# directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_chain
start_chains
start_tools

payee=0x00000000000000000000000000000000000000aa
printf '%064d' 7 >"$work/admin"
admin=$(js address "$work/admin")
cat >"$work/policy.json" <<EOP
[{"type":"thirdweb","approvedTargets":["$payee"],"nativeTokenLimitPerTransaction":"5",
"permissionStartTimestamp":1767225600,"permissionEndTimestamp":4070908800}]
EOP
(umask 077 && jq '{(.chainId | tostring): {node: {url: .rpc}, bundler: {url: .bundler}, paymaster: {url: .paymaster}}}' \
    "$chain" >"$work/servers.json")
valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
main=(--token main --pin-file "$work/pin")

# deploy_account VERSION KIND: $account, of $admin, with something to pay gas with.
deploy_account() {
    local factory
    factory=$(jq -r ".thirdwebFactories[\"$1\"].$2" "$chain")
    transact "$factory" "$(js encode createAccount "$admin" 0x)"
    account=$(js decode getAddress \
        "$(called "$factory" "$(js encode getAddress "$admin" 0x)")")
    on_chain anvil_setBalance "[\"$account\",\"0xde0b6b3a7640000\"]" >/dev/null
}

# approve LABEL VERSION: the admin signs what the token asks; the account takes it by a transaction.
approve() {
    local ask=(approve "${main[@]}" --label "$1" --chain-id "$chain_id" --account "$account" --entry-point "$2"
        --owner "$admin") signature signer
    valetkey "${ask[@]}" --lint off --output "$work/request.json" --json | jq .typedData >"$work/typed-data"
    signature=$(js sign-typed-data "$work/admin" "$work/typed-data")
    must valetkey "${ask[@]}" --request "$work/request.json" --signature "$signature" --output "$work/call.hex"
    transact "$account" "$(cat "$work/call.hex")"
    signer=$(valetkey key show "${main[@]:0:2}" --label "$1" --json | jq -r .address)
    [ "$(js decode isActiveSigner "$(called "$account" "$(js encode isActiveSigner "$signer")")")" = true ] ||
        die "the account does not take the signer"
}

pays() { js encode execute "$1" "$2" 0x; }
pays_each() { js encode executeBatch "[\"$payee\",\"$payee\"]" "[\"$1\",\"$2\"]" '["0x","0x"]'; }

by_token() { valetkey sign "${main[@]}" --label session --input "$work/placed.json"; }
by_spare() { js sign-hash "$work/spare" "$(js hash "$chain" "$1" "$work/op.json")"; }

# allowed VERSION WEI CALL-DATA [sponsored]: signed by the token, mined; the payee has that much more
# and the account that much less, and the gas unless it is sponsored. The spare key could do it too.
allowed() {
    local before signature paid cost
    before=$(balance "$payee")
    cost=$(balance "$account")
    build_operation "$1" "$account" "${@:3}"
    set_signature "$(by_spare "$1")"
    [ "$(js judge "$chain" "$1" "$work/op.json")" = accepted ] || die "the spare key has no permission"
    signature=$(by_token)
    set_signature "$signature"
    send_operation "$1"
    jq -e '.success' "$work/receipt.json" >/dev/null || die "it was mined, but: $(cat "$work/receipt.json")"
    paid=$(($(balance "$payee") - before))
    [ "$paid" = "$2" ] || die "the payee has got $paid wei, not $2"
    cost=$((cost - $(balance "$account") - paid))
    case ${4-} in
    sponsored) [ "$cost" = 0 ] || die "the account paid $cost wei of gas" ;;
    *) [ "$cost" -gt 0 ] || die "who paid the gas?" ;;
    esac
}

send() {
    valetkey send "${main[@]}" --label session --chain-id "$chain_id" --account "$account" \
        --chains "$work/servers.json" --wait "$@"
}

# sent WEI OPTION...: the same by the command alone, which builds, signs, sends and waits.
sent() {
    local before
    before=$(balance "$payee")
    send "${@:2}" --json >"$work/out" || die "it was not sent: $(cat "$work/out")"
    jq -e '.included and .success' "$work/out" >/dev/null || die "it was not done: $(cat "$work/out")"
    [ $(($(balance "$payee") - before)) = "$1" ] || die "the payee did not get $1 wei"
}

# forbidden VERSION RULE: the operation that was built. The token names the rule; signed by the spare
# key, which has the same permission, the chain refuses it as foretold.
forbidden() {
    local words
    must_fail "refused: $2: " by_token
    ! valetkey explain --token main --label session --input "$work/placed.json" --json >"$work/out" ||
        die "explain would sign it"
    [ "$(jq -r .rule "$work/out")" = "$2" ] || die "explain names $(jq -r .rule "$work/out")"
    words=$(jq -r .chainError "$work/out")
    set_signature "$(by_spare "$1")"
    refuse_operation "$1" "$words"
}

# revoked VERSION: by an admin, by a transaction. The token, which asks no chain, does not know.
revoked() {
    local signature
    valetkey thirdweb remove-session --token main --label session --chain-id "$chain_id" --account "$account" \
        --so-pin-file "$work/so-pin" --output "$work/request.json" --json | jq .typedData >"$work/typed-data"
    signature=$(js sign-typed-data "$work/admin" "$work/typed-data")
    transact "$account" "$(valetkey thirdweb call --token main --chain-id "$chain_id" --account "$account" \
        --request "$work/request.json" --signature "$signature" --owner "$admin")"
    build_operation "$1" "$account" "$(pays "$payee" 5)"
    signature=$(by_token)
    set_signature "$signature"
    refuse_operation "$1" "AA24 signature error"
}

# The session's key never leaves the token; the spare one, with the same policy, others have too.
valetkey key create "${main[@]}" --label session --type secp256k1 --policy "$work/policy.json" \
    --lint off >/dev/null
printf '%064d' 9 >"$work/spare"
valetkey key import "${main[@]}" --label spare --key-file "$work/spare" --policy "$work/policy.json" \
    --lint off >/dev/null

for kind in 0.7:simple 0.6:simple 0.6:managed; do
    version=${kind%:*}
    deploy_account "$version" "${kind#*:}"
    approve session "$version"
    approve spare "$version"
    allowed "$version" 5 "$(pays "$payee" 5)"
    allowed "$version" 9 "$(pays_each 4 5)"
    allowed "$version" 1 "$(pays "$payee" 1)" sponsored
    sent 5 --call "$payee,5"
    sent 9 --call "$payee,4" --call "$payee,5wei" --lane payroll
    sent 1 --call "$payee,1" --paymaster
    must_fail "refused: limit: " send --call "$payee,6"
    echo "${kind#*:} account on EntryPoint $version: six operations mined, three of them sent by "valetkey send", two sponsored; refused, by the chain with:"
    build_operation "$version" "$account" "$(pays "$payee" 6)"
    forbidden "$version" limit
    build_operation "$version" "$account" "$(pays_each 5 6)"
    forbidden "$version" limit
    build_operation "$version" "$account" "$(pays "$admin" 1)"
    forbidden "$version" targets
    build_operation "$version" "$account" "$(js encode isAdmin "$admin")"
    forbidden "$version" callData
    # A bundler's estimate would fail.
    set_call_data "$(pays "$payee" 5 | cut -c -72)"
    forbidden "$version" callData
    revoked "$version"
done
