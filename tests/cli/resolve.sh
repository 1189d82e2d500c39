#!/bin/bash
# Nodes that the SO sets, and what they say of nonces that hold something of a budget. The node is a
# program on this machine.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa

want 0 token init --label main --so-pin-file so-pin --pin-file pin
session .serializedAccount >account.txt
session .session.privateKey >key.hex
want 0 key import --label usdc --key-file key.hex --serialized account.txt --chain-id 31337 --pin-file pin
for i in 0 1; do
    session ".operations[$i].userOp" >"op$i.json"
    want 0 sign --label usdc --input "op$i.json" --pin-file pin
done
first=0x1022bed801e0000000000000000000000000000000000000000000000000000
second=0x22bed801e0000000000000000000000000000000000000000000000000000
account=$(session .account | lower)
account=${account#0x}
entry_point=$(session .entryPoint | lower)
other=0x$(printf '22%.0s' {1..32})

# ---- Setting nodes ----
want 1 token set --so-pin-file so-pin
want 2 token set --node-file nowhere --so-pin-file so-pin
echo 'valetkey: cannot open the node file nowhere: No such file or directory' | err
# bad TEXT MESSAGE
bad() {
    echo "$1" >bad.json
    want 2 token set --node-file bad.json --so-pin-file so-pin
    echo "valetkey: the node file: $2" | err
}
bad '[]' 'a JSON object is expected that names chains: {"8453":{...}}'
bad '{}' 'a JSON object is expected that names chains: {"8453":{...}}'
bad '{"base":null}' 'base: "base" is not the number of a chain'
bad '{"1":{"url":"http://node.example/secret"}}' \
    '1.url: the URL must begin with https://, or with http:// to a loopback address'
bad '{"1":null,"8453":{"url":"https://node.example","header":{}}}' \
    '8453.header: member "header" is unknown'
echo '{"1":{"url":"https://node.example/secret","headers":{"Authorization":"Bearer secret"}},"10":null}' >nodes.json
chmod 644 nodes.json
want 2 token set --node-file nodes.json --so-pin-file so-pin
err <<'END'
valetkey: others can read the node file nodes.json (mode 0644)
valetkey: close it with "chmod 600 nodes.json"
END
chmod 600 nodes.json
want 4 token set --node-file nodes.json --so-pin-file pin
want 0 token show --json
json .nodes '[]'
want 0 token set --node-file nodes.json --so-pin-file so-pin --json
json .nodes '[1]'
! grep -rq 'node.example' tokens || fail 'the node is in the file as it is'
want 0 budget resolve --pin-file pin --json
json '[.reservations[].outcome, .skipped]' '["skipped","skipped",2]'

# ---- A node ----
now=$(date +%s)
jq -n --argjson genesis $((now - 12000)) '{chainId: 31337, finalized: 1000, genesis: $genesis,
    blockTime: 12, calls: {}, logs: []}' >chain.json
"$VK_TEST_BUILDDIR/tests/net/node" chain.json >url &
node=$!
started+=($node)
for _ in {1..100}; do [ -s url ] || sleep 0.1; done
jq -R '{"31337": {url: ., headers: {"X-Key": "secret"}, maxBlocks: 100}, "1": null}' url >nodes.json
want 0 token set --node-file nodes.json --so-pin-file so-pin
tail -n 1 out >last && mv last out
echo '  nodes          of chain 31337' | out

change() {
    jq "$@" chain.json >changed.json && mv changed.json chain.json
}
# next KEY SEQUENCE: the EntryPoint's first free nonce of the key (24 bytes).
next() {
    change --arg to "$entry_point:0x35567e1a$(printf '0%.0s' {1..24})$account$(printf '0%.0s' {1..16})$1" \
        --arg answer "0x$1$(printf %016x "$2")" '.calls[$to] = $answer'
}
# included KEY HASH BLOCK: the event of the key's first operation.
included() {
    local zeros
    zeros=$(printf '0%.0s' {1..24})
    change --arg to "$entry_point" --arg hash "$2" --arg block "$(printf 0x%x "$3")" \
        --arg account "0x$zeros$account" --arg paymaster "0x$(printf '0%.0s' {1..64})" \
        --arg data "0x${1}0000000000000000$(printf '%064x' 1 2 3)" '.logs += [{address: $to,
            blockNumber: $block, removed: false, data: $data, topics:
            ["0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f", $hash, $account, $paymaster]}]'
}
key1=01022bed801e$(printf '0%.0s' {1..36})
key2=00022bed801e$(printf '0%.0s' {1..36})

want 8 budget resolve --pin-file pin --json
json '[.failed, .reservations[0].why]' \
    '[2,"http://127.0.0.1 gives no nonce of the key that the EntryPoint was asked for"]'
next "$key1" 0
next "$key2" 0
want 4 budget resolve --pin-file so-pin
want 5 budget resolve --label nobody --pin-file pin
want 0 budget resolve --chain-id 1 --pin-file pin
echo 'Nothing is open.' | out
want 0 budget resolve --pin-file pin
out <<END
usdc  0x364fe8e7d96fC0cE795E3602928df956E382c4b3 on chain 31337: nonce $second
    still open: block 1000 has no operation with this nonce yet (http://127.0.0.1)
usdc  0x364fe8e7d96fC0cE795E3602928df956E382c4b3 on chain 31337: nonce $first
    still open: block 1000 has no operation with this nonce yet (http://127.0.0.1)
0 included, 0 given back, 2 still open, 0 without a node, 0 failed.
END

# The first is included, another took the nonce of the second.
next "$key1" 1
next "$key2" 1
included "$key1" "$(session .operations[0].userOpHash)" 998
included "$key2" "$other" 999
change '.chainId = 1'
want 8 budget resolve --pin-file pin
sed -n 2p out >line && mv line out
echo '    failed: http://127.0.0.1 is a node of chain 1, not of chain 31337' | out
change '.chainId = 31337'
want 0 budget list --pin-file pin --json
json '[.grants[].reservations[].includedAt]' '[null,null]'
want 0 budget resolve --label usdc --pin-file pin --json
json '[.reservations[] | [.nonce, .outcome, .why]]' \
    "[[\"$second\",\"released\",\"the nonce was used by another operation: block 999 has $other (http://127.0.0.1)\"],[\"$first\",\"included\",\"block 998 has operation $(session .operations[0].userOpHash) (http://127.0.0.1)\"]]"
json '[.included, .released, .open, .skipped, .failed]' '[1,1,0,0,0]'
want 0 budget list --pin-file pin --json
json '[.grants[].reservations[] | [.nonce, .includedAt]]' "[[\"$first\",$((now - 24))]]"
want 0 audit list --last 2 --json
json '[.records[] | [.event, .before[1].spent, .after[1].spent]]' \
    '[["given-back","2800000000000000","1400000000000000"],["included","1400000000000000","1400000000000000"]]'
want 0 budget resolve --pin-file pin
echo 'Nothing is open.' | out

# Nobody is there.
want 0 sign --label usdc --input op1.json --pin-file pin
kill $node
wait $node 2>/dev/null
want 8 budget resolve --pin-file pin --json
json '[.failed, .open, (.reservations[0].why | startswith("cannot ask http://127.0.0.1: "))]' '[1,0,true]'
want 0 audit verify --pin-file pin

finish
