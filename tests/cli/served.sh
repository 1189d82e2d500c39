# A chain's servers for the tests of the command: node, bundler and paymaster are a program on this machine
# that answers as script.json says. Source it after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154,SC2174

word() { printf '%064x' "$1"; }
entry_point=0x0000000071727De22E5E9d8BAf0edAc6f37da032

# serve CHAIN: an account without code, at its first nonce, and a bundler that takes all.
serve() {
    jq -n --argjson chain "$1" --arg id "$(printf 0x%x "$1")" --arg point "$entry_point" \
        '{chainId: $chain, log: "calls", answers: {
        eth_chainId: {result: $id},
        eth_supportedEntryPoints: {result: [$point]},
        eth_getCode: {result: "0x"},
        "eth_call:0x35567e1a": {nonce: 0},
        pimlico_getUserOperationGasPrice: {result: {standard: {maxFeePerGas: "0x3b9aca00",
            maxPriorityFeePerGas: "0x3b9aca00"}}},
        eth_estimateUserOperationGas: {result: {preVerificationGas: "0xc350",
            verificationGasLimit: "0xf4240", callGasLimit: "0x186a0"}},
        eth_sendUserOperation: {hash: true},
        eth_getUserOperationByHash: {result: null},
        pimlico_getUserOperationStatus: {result: {status: "not_found", transactionHash: null}},
        eth_getUserOperationReceipt: {result: null}}}' >script.json
    rm -f url
    "$VK_TEST_BUILDDIR/tests/net/bundler" script.json >url &
    servers+=($!)
    for _ in {1..100}; do [ -s url ] || sleep 0.1; done
    mkdir -p -m 700 "$VALETKEY_HOME"
    jq -R --arg chain "$1" '{($chain): {node: {url: .}, bundler: {url: .}, paymaster: {url: .}}}' url \
        >"$VALETKEY_HOME/chains.json"
}
servers=()
trap 'kill "${servers[@]}" "${started[@]}" 2>/dev/null; rm -rf "$work"' EXIT
: "${started=}"

# script METHOD ANSWER: what is answered from now on.
script() {
    jq --arg name "$1" --argjson answer "$2" '.answers[$name] = $answer' script.json >next.json &&
        mv next.json script.json
}
# next_nonce N: in whichever lane is asked for.
next_nonce() { script eth_call:0x35567e1a "{\"nonce\":$1}"; }
# installed N: from now on the account is deployed and has the permission; the next nonce is the N-th.
installed() {
    script eth_getCode '{"result":"0x60"}'
    script eth_call:0xadb610a3 "{\"result\":\"0x$(word 1)\"}"
    script eth_call:0x90ef8862 "{\"result\":\"0x$(word 0)\"}"
    script eth_call:0xb8afe17d "{\"result\":\"0x$(word 1)$(word 1)\"}"
    script eth_call:0xc3e58978 "{\"result\":\"0x$(word 32)$(word 0)$(word 0)$(word 96)$(word 0)\"}"
    next_nonce "$1"
}
# called METHOD COUNT: so often since the calls were counted last, with "rm -f calls".
called() {
    same "$(grep -cx "$1" calls)" "$2" "the number of calls of $1"
}
# receipt HASH SENDER NONCE: it is included, in block 436.
receipt() {
    script eth_getUserOperationReceipt "$(jq -nc --arg hash "$1" --arg sender "$2" --arg nonce "$3" \
        --arg point "$entry_point" --arg tx "0x$(word 7)" '{result: {
            userOpHash: $hash, entryPoint: $point, sender: $sender, nonce: $nonce, success: true,
            actualGasCost: "0x38d7ea4c68000", actualGasUsed: "0x186a0", reason: "", logs: [],
            receipt: {transactionHash: $tx, blockNumber: "0x1b4", status: "0x1"}}}')"
}
# kept HASH...: what is in the outbox.
kept() {
    same "$(ls "$VALETKEY_HOME/outbox" 2>/dev/null | tr '\n' ' ')" "${*/%/.json }" "the outbox"
}
