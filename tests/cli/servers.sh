# A chain's servers for the tests of the command: node, bundler and paymaster are a program on this machine
# (tests/net/bundler.c) that answers as script.json says. Source it after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154,SC2174

entry_point=0x0000000071727De22E5E9d8BAf0edAc6f37da032

# listen SCRIPT URL: a server that answers as that file says, on a free port; its address goes to a file.
listen() {
    : >"$2"
    "$VK_TEST_BUILDDIR/tests/net/bundler" "$1" >"$2" &
    started+=($!)
    for _ in {1..100}; do [ -s "$2" ] || sleep 0.1; done
}

# serve CHAIN: an account without code, at the first nonce of each lane, and a bundler that takes all. They
# are in the chain file; start.json is what script.json was.
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
    cp script.json start.json
    listen script.json url
    mkdir -p -m 700 "$VALETKEY_HOME"
    jq -R --arg chain "$1" '{($chain): {node: {url: .}, bundler: {url: .}, paymaster: {url: .}}}' url \
        >"$VALETKEY_HOME/chains.json"
}

# ---- What is answered from now on ----

# script METHOD ANSWER
script() {
    jq --arg name "$1" --argjson answer "$2" '.answers[$name] = $answer' script.json >next.json &&
        mv next.json script.json
}
# exact DATA ANSWER: the same of an eth_call with these data.
exact() {
    jq --arg data "$1" --argjson answer "$2" '.exact[$data] = $answer' script.json >next.json &&
        mv next.json script.json
}
# next_nonce N: in whichever lane is asked for.
next_nonce() { script eth_call:0x35567e1a "{\"nonce\":$1}"; }
# installed N [SIGNER]: the account is deployed and has the permission, with that signer's contract; the
# next nonce is the N-th.
installed() {
    local signer=${2-0x}
    script eth_getCode '{"result":"0x60"}'
    script eth_call:0xadb610a3 "{\"result\":\"0x$(word 1)\"}"
    script eth_call:0x90ef8862 "{\"result\":\"0x$(word 0)\"}"
    script eth_call:0xb8afe17d "{\"result\":\"0x$(word 1)$(word 1)\"}"
    script eth_call:0xc3e58978 "{\"result\":\"0x$(word 32)$(word 0)$(padded "$signer")$(word 96)$(word 0)\"}"
    next_nonce "$1"
}
# receipt HASH NONCE [SUCCESS [REASON]]: the account's operation is included, in block 436.
receipt() {
    script eth_getUserOperationReceipt "$(jq -nc --arg hash "$1" --arg nonce "$2" --argjson success "${3-true}" \
        --arg reason "${4-}" --arg sender "$account" --arg point "$entry_point" --arg tx "0x$(word 7)" '{result: {
            userOpHash: $hash, entryPoint: $point, sender: $sender, nonce: $nonce, success: $success,
            actualGasCost: "0x38d7ea4c68000", actualGasUsed: "0x186a0", reason: $reason, logs: [],
            receipt: {transactionHash: $tx, blockNumber: "0x1b4", status: "0x1"}}}')"
}
# nonce MODE SEQUENCE [LANE]: of the permission $id, in enable (01) or default (00) mode.
nonce() { printf '0x%s02%s%032d%04x%016x' "$1" "${id#0x}" 0 "${3-0}" "$2"; }

# ---- What was asked, and what is on its way ----

# called METHOD COUNT: so often since the calls were counted last, with "rm -f calls".
called() {
    same "$(grep -cx "$1" calls)" "$2" "the number of calls of $1"
}
# kept HASH...: what is in the outbox.
kept() {
    same "$(ls "$VALETKEY_HOME/outbox" 2>/dev/null | tr '\n' ' ')" "${*/%/.json }" "the outbox"
}
