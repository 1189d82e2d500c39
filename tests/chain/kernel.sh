#!/usr/bin/env bash
# Addresses of Kernel accounts before they are deployed, as the library computes them and as Kernel's
# factory on a chain does. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_chain
start_chains --no-bundler
start_tools

factory=$(jq -r '.kernel["0.3.1"].factory' "$chain")
for byte in 11 a2; do
    for index in 0 1 1000000; do
        jq -cn --arg owner "0x$(printf "%0.s$byte" {1..20})" --arg index "$index" '{id: 1, kind: "account_address",
            in: {kernelVersion: "0.3.1", sudo: "ecdsa", ownerAddress: $owner, $index, useMetaFactory: false}}' |
            valetkey batch >"$work/answer"
        [ "$(jq -r '.out.factory | ascii_downcase' "$work/answer")" = "${factory,,}" ] ||
            die "another factory: $(cat "$work/answer")"
        # getAddress and createAccount have the same parameters.
        answer=$(called "$factory" "$(js selector 'getAddress(bytes,bytes32)')$(jq -r '.out.factoryData[10:]' "$work/answer")")
        [ "0x${answer: -40}" = "$(jq -r '.out.address | ascii_downcase' "$work/answer")" ] ||
            die "the factory says $answer, the library $(cat "$work/answer")"
    done
done
echo "six addresses of accounts of Kernel 0.3.1 are those of the factory"
