#!/usr/bin/env bash
# The life of a thirdweb session by the command alone, the admin's key on a token of its own: an account
# that is not there yet is deployed by the operation that sets the session; what the session allows is
# mined, what it forbids refused; it is revoked, and refused before anything is signed; admins come and
# go. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_chain
start_chains
start_tools

payee=0x00000000000000000000000000000000000000aa
export VALETKEY_HOME=$work/home
cat >"$work/policy.json" <<EOP
[{"type":"thirdweb","approvedTargets":["$payee"],"nativeTokenLimitPerTransaction":"5",
"permissionStartTimestamp":1767225600,"permissionEndTimestamp":4070908800}]
EOP
valetkey token init --label main --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
valetkey token init --label cold --default-policy sudo --so-pin-file "$work/so-pin" --pin-file "$work/pin" >/dev/null
(umask 077 && jq '{(.chainId | tostring): {node: {url: .rpc}, bundler: {url: .bundler}, paymaster: {url: .paymaster}}}' \
    "$chain" >"$VALETKEY_HOME/chains.json")
for name in admin other; do
    valetkey key create --token cold --label "$name" --pin-file "$work/pin" --lint off >/dev/null
done
address() { valetkey key show --token "$1" --label "$2" --json | jq -r .address; }
other=$(address cold other)
# That key of the cold token signs.
by_admin=(--owner-key "pkcs11:token=cold;object=admin?module-path=$VALETKEY_MODULE" --owner-pin-file "$work/pin")
by_other=("${by_admin[@]/object=admin/object=other}")

# done_by ARGUMENT...: the command succeeds, and what it sent was included, and did what it should.
done_by() {
    valetkey "$@" --wait --json >"$work/out" || die "valetkey $*: $(cat "$work/out")"
    jq -e '(.operations // [.]) | all(.included and .success)' "$work/out" >/dev/null ||
        die "valetkey $*: $(cat "$work/out")"
}
# refused STATUS WORDS ARGUMENT...: with that exit status, and nothing is signed or sent.
refused() {
    local status=0
    valetkey "${@:3}" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" = "$1" ] || die "valetkey ${*:3}: exit status $status: $(cat "$work/out" "$work/err")"
    grep -q "$2" "$work/err" || die "valetkey ${*:3}: $(cat "$work/err")"
    [ -z "$(ls "$VALETKEY_HOME/outbox" 2>/dev/null)" ] || die "something is on its way"
}
# status FILTER TEXT: what "session status" says of the session.
status() {
    local got
    valetkey session status --token main --label "$label" --chain-id "$chain_id" --json >"$work/out"
    got=$(jq -c ".sessions[0] | $1" "$work/out")
    [ "$got" = "$2" ] || die "$1 is $got, not $2: $(cat "$work/out")"
}
is_admin() { js decode isAdmin "$(called "$account" "$(js encode isAdmin "$1")")"; }
is_signer() { js decode isActiveSigner "$(called "$account" "$(js encode isActiveSigner "$1")")"; }
# use LABEL: that session is meant from now on.
use() {
    label=$1
    session=(--token main --label "$label" --chain-id "$chain_id")
    send=(send "${session[@]}" --pin-file "$work/pin" --account "$account")
    create=(session create "${session[@]}" --policy "$work/policy.json" --lint off --pin-file "$work/pin"
        "${by_admin[@]}" --account)
}

# keep NAME VERSION FACTORY: an account that is not there yet, with something to pay gas with.
keep() {
    valetkey account create --token main --name "$1" --factory "$3" --entry-point "$2" --chain-id "$chain_id" \
        "${by_admin[@]}" --pin-file "$work/pin" --json >"$work/out" || die "$(cat "$work/out")"
    account=$(jq -r .account "$work/out")
    on_chain anvil_setBalance "[\"$account\",\"0xde0b6b3a7640000\"]" >/dev/null
    [ "$(on_chain eth_getCode "[\"$account\",\"latest\"]")" = 0x ] || die "the account is there already"
}

for kind in 0.7:simple 0.6:managed; do
    version=${kind%:*} name=${kind//[:.]/-}
    keep "$name" "$version" "$(jq -r ".thirdwebFactories[\"$version\"].${kind#*:}" "$chain")"

    # Another key is not the admin's: nothing is made.
    use "$name-1"
    refused 2 "is not that of the owner" "${create[@]/object=admin/object=other}" "$name" --send
    done_by "${create[@]}" "$name" --send
    signer=$(address main "$label")
    [ "$(is_signer "$signer")" = true ] || die "the account has no session"
    status '[.deployed, .permission, .active, .admin, .onChain.asPolicy, .onChain.nativeTokenLimitPerTransaction]' \
        '[true,"installed",true,false,true,"5"]'
    must valetkey session install "${session[@]}" "${by_admin[@]}"
    before=$(balance "$payee")
    done_by "${send[@]}" --call "$payee,5"
    [ $(($(balance "$payee") - before)) = 5 ] || die "the payee did not get 5 wei"
    refused 3 "refused: limit: " "${send[@]}" --call "$payee,6"

    # Other admins, and who is none.
    on=(--token main --chain-id "$chain_id" --account "$name")
    refused 3 "is no admin of the account" thirdweb add-admin "${on[@]}" --signer "$other" "${by_other[@]}"
    done_by thirdweb add-admin "${on[@]}" --signer "$other" "${by_admin[@]}"
    [ "$(is_admin "$other")" = true ] || die "there is no other admin"
    refused 2 "already" thirdweb add-admin "${on[@]}" --signer "$other" "${by_admin[@]}"
    # The other one takes the first one's rights, and gives them back.
    admin=$(address cold admin)
    done_by thirdweb remove-admin "${on[@]}" --signer "$admin" "${by_other[@]}" --paymaster
    [ "$(is_admin "$admin")" = false ] || die "the admin is still one"
    refused 3 "is no admin of the account" session revoke "${session[@]}" "${by_admin[@]}"
    refused 3 "only admin" thirdweb remove-admin "${on[@]}" --signer "$other" "${by_other[@]}"
    done_by thirdweb add-admin "${on[@]}" --signer "$admin" "${by_other[@]}"
    done_by thirdweb remove-admin "${on[@]}" --signer "$other" "${by_admin[@]}"
    refused 5 "is no admin" thirdweb remove-admin "${on[@]}" --signer "$other" "${by_admin[@]}"

    # Revoked: the token, which asks no chain when it signs, is not even asked.
    done_by session revoke "${session[@]}" "${by_admin[@]}"
    [ "$(is_signer "$signer")" = false ] || die "the session is still there"
    status '[.permission, .active, .onChain]' '["revoked",false,null]'
    refused 3 "has no session of the key" "${send[@]}" --call "$payee,5"
    refused 5 "nothing to revoke" session revoke "${session[@]}" "${by_admin[@]}"
    refused 3 "cannot be again" session install "${session[@]}" "${by_admin[@]}"

    # Approved and not set: the approval is used up.
    use "$name-2"
    must valetkey "${create[@]}" "$account" --output "$work/call.hex"
    status .permission '"pending"'
    refused 5 "is not on chain" "${send[@]}" --call "$payee,5"
    done_by session revoke "${session[@]}" "${by_admin[@]}"
    status .permission '"revoked"'
    try ask "$rpc" eth_call "[{\"to\":\"$account\",\"data\":\"$(cat "$work/call.hex")\"},\"latest\"]" >"$work/sent" &&
        die "the approval can still be carried out"

    # Approved, and set later; ended by its address.
    use "$name-3"
    must valetkey "${create[@]}" "$account"
    done_by session install "${session[@]}" "${by_admin[@]}" --paymaster
    done_by "${send[@]}" --call "$payee,1" --call "$payee,2" --paymaster
    signer=$(address main "$label")
    done_by thirdweb remove-session "${on[@]}" --signer "$signer" "${by_admin[@]}"
    [ "$(is_signer "$signer")" = false ] || die "the session is still there"
    echo "${kind#*:} account on EntryPoint $version: deployed with a session; sent, refused, revoked; admins made and removed"
done
