#!/bin/bash
# The example of doc/examples: what it prints; and "valetkey batch" makes the same signature of the
# same values.
set -u
command -v jq >/dev/null || exit 77
example=$VK_TEST_BUILDDIR/doc/examples/session
expected=$VK_TEST_SRCDIR/doc/examples/session.expected
out=$("$example") || exit 1
diff -u "$expected" <(printf '%s\n' "$out") || exit 1

field() {
    sed -n "s/^$1 //p" "$expected"
}
policies=$(field serializedAccount | base64 -d | jq -c '[.permissionParams.policies[].policyParams]')
factory_data=$(field serializedAccount | base64 -d | jq -r .accountParams.initCode)
nonce=0x0102$(field permissionId | cut -c 3-)$(printf '%052d' 0)
answer=$(jq -nc --argjson policies "$policies" --arg account "$(field account)" --arg nonce "$nonce" \
    --arg data "$factory_data" --arg one "0x$(printf '%064d' 1)" --arg two "0x$(printf '%064d' 2)" '
    {id: 1, kind: "enable", in: {kernelVersion: "0.3.1", chainId: 8453, entryPointVersion: "0.7",
     account: $account, sudo: "ecdsa", ownerPrivateKey: $one, policies: $policies,
     signer: {type: "ecdsa", sessionPrivateKey: $two}, accountCurrentNonce: null,
     userOp: {sender: $account, nonce: $nonce, factory: "0xd703aaE79538628d27099B8c4f621bE4CCd142d5",
     factoryData: $data, callData: "0x", callGasLimit: 100000, verificationGasLimit: 500000,
     preVerificationGas: 50000, maxFeePerGas: 1000000000, maxPriorityFeePerGas: 1000000}}}' |
    "$VK_TEST_BUILDDIR/valetkey" batch)
[ "$(jq -r .out.signature <<<"$answer")" = "$(field signature)" ] && exit 0
echo "FAILED: valetkey batch answers $answer"
exit 1
