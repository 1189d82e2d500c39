# For tests of what is sent, behind lib.sh. Source it: a session "usdc" on the token "main", and a
# program on this machine that is its chain's node, bundler and paymaster, and answers as script.json
# says, once start_servers was called.
file=ecdsa

want 0 token init --label main --so-pin-file so-pin --pin-file pin
session .serializedAccount >account.txt
session .session.privateKey >key.hex
want 0 key import --label usdc --key-file key.hex --serialized account.txt --chain-id 31337 --pin-file pin
account=$(session .account)
id=$(session .permissionId)
usdc=0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
word() { printf '%064x' "$1"; }
pay=$usdc,0,0xa9059cbb000000000000000000000000$(lower <<<70997970C51812dc3A010C7d01b50e0d17dc79C8)$(word 1000000)
steal=$usdc,0,0xa9059cbb$(word 1)$(word 1000000)
send=(send --label usdc --call "$pay")

# nonce MODE LANE SEQUENCE
nonce() { printf '0x%s02%s%032d%04x%016x' "$1" "${id#0x}" 0 "$2" "$3"; }
start_servers() {
    jq -n --arg nonce "$(nonce 01 0 0)" '{chainId: 31337, log: "calls", answers: {
        eth_chainId: {result: "0x7a69"},
        eth_supportedEntryPoints: {result: ["0x0000000071727De22E5E9d8BAf0edAc6f37da032"]},
        eth_getCode: {result: "0x"},
        "eth_call:0x35567e1a": {result: $nonce},
        pimlico_getUserOperationGasPrice: {result: {standard: {maxFeePerGas: "0x3b9aca00",
            maxPriorityFeePerGas: "0x3b9aca00"}}},
        eth_estimateUserOperationGas: {result: {preVerificationGas: "0xc350",
            verificationGasLimit: "0xf4240", callGasLimit: "0x186a0"}},
        eth_sendUserOperation: {hash: true},
        eth_getUserOperationByHash: {result: null},
        pimlico_getUserOperationStatus: {result: {status: "not_found", transactionHash: null}},
        eth_getUserOperationReceipt: {result: null}}}' >script.json
    cp script.json start.json
    "$VK_TEST_BUILDDIR/tests/net/bundler" script.json >url &
    servers=$!
    trap 'kill $servers 2>/dev/null; rm -rf "$work"' EXIT
    for _ in {1..100}; do [ -s url ] || sleep 0.1; done
    jq -R '{"31337": {node: {url: .}, bundler: {url: (. + "/secret-path")}, paymaster: {url: .}}}' url >"$VALETKEY_HOME/chains.json"
}
# script METHOD ANSWER: what is answered from now on.
script() {
    jq --arg name "$1" --argjson answer "$2" '.answers[$name] = $answer' script.json >next.json &&
        mv next.json script.json
}
# called METHOD COUNT: so often since the calls were counted last.
called() {
    same "$(grep -cx "$1" calls)" "$2" "the number of calls of $1"
}
# receipt HASH SUCCESS [REASON]
receipt() {
    script eth_getUserOperationReceipt "$(jq -nc --arg hash "$1" --argjson success "$2" --arg reason "${3-}" \
        --arg sender "$account" --arg nonce "$(nonce 01 0 0)" --arg tx "0x$(word 7)" '{result: {
            userOpHash: $hash, entryPoint: "0x0000000071727De22E5E9d8BAf0edAc6f37da032", sender: $sender,
            nonce: $nonce, success: $success, actualGasCost: "0x38d7ea4c68000", actualGasUsed: "0x186a0",
            reason: $reason, logs: [], receipt: {transactionHash: $tx, blockNumber: "0x1b4", status: "0x1"}}}')"
}
