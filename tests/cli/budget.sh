#!/bin/bash
# What nonces hold of a budget, and how the SO gives it back; sessions that were used before.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 budget list --pin-file pin
echo 'There are no grants.' | out
session .serializedAccount >account.txt
session .session.privateKey >key.hex
want 0 key import --label usdc --key-file key.hex --serialized account.txt --chain-id 31337 --pin-file pin
for i in 0 1 2; do
    session ".operations[$i].userOp" >"op$i.json"
    "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" sign --label usdc --input "op$i.json" --pin-file pin \
        >/dev/null 2>&1
done
first=0x1022bed801e0000000000000000000000000000000000000000000000000000
second=0x22bed801e0000000000000000000000000000000000000000000000000000
want 0 budget list --pin-file pin --json
json '[.grants[0].reservations[] | [.nonce, .gas, .includedAt, .complete, .operations]]' \
    "[[\"$second\",\"1400000000000000\",null,true,[$(session .operations[1].userOpHash | jq -R .)]],[\"$first\",\"1400000000000000\",null,true,[$(session .operations[0].userOpHash | jq -R .)]]]"
want 0 budget list --label usdc --chain-id 31337 --pin-file pin
sed -i 's/open since [^,]*/open since TIME/' out
out <<EOF
usdc  0x364fe8e7d96fC0cE795E3602928df956E382c4b3 on chain 31337: 2 nonces
    nonce $second  open since TIME, gas at most 0.0014 ether
      operation $(session .operations[1].userOpHash)
    nonce $first  open since TIME, gas at most 0.0014 ether
      operation $(session .operations[0].userOpHash)
EOF
want 0 budget list --chain-id 1 --pin-file pin --json
json .grants '[]'
want 5 budget list --label nobody --pin-file pin
want 4 budget list --pin-file so-pin

# The SO gives one back, and the operation is charged in full when it is signed again.
want 4 budget release --label usdc --nonce $second --so-pin-file pin
want 1 budget release --label usdc --so-pin-file so-pin
want 5 budget release --label usdc --nonce 7 --so-pin-file so-pin
echo 'valetkey: nothing is given back: nonce: nothing is reserved for this nonce' | err
want 5 budget release --label usdc --chain-id 1 --nonce $second --so-pin-file so-pin
want 0 budget release --label usdc --nonce $second --so-pin-file so-pin
out <<EOF
Given back to the key "usdc" for 0x364fe8e7d96fC0cE795E3602928df956E382c4b3 on chain 31337: nonce $second.
  operation $(session .operations[1].userOpHash)
EOF
want 0 audit list --last 1 --json
json '.records[0] | [.event, .label, .operation == "'"$(session .operations[1].userOpHash)"'", .before[1].spent, .after[1].spent, .reason]' \
    "[\"given-back\",\"usdc\",true,\"2800000000000000\",\"1400000000000000\",\"nonce 0x000${second#0x}: the SO gives it back\"]"
want 0 budget list --pin-file pin --json
json '[.grants[0].reservations[].nonce]' "[\"$first\"]"
want 0 sign --label usdc --input op1.json --pin-file pin
want 0 budget list --pin-file pin --json
json '.grants[0].reservations | length' 2

# So is the approval that the first operation used up.
want 0 budget release --label usdc --nonce $first --so-pin-file so-pin --json
json '[.nonce, .released]' "[\"$first\",true]"
want 3 explain --label usdc --input op1.json --json
json .rule nonce
want 0 sign --label usdc --input op0.json --pin-file pin
want 0 audit verify --pin-file pin

# A session that was used before.
want 0 token init --label used --so-pin-file so-pin --pin-file pin
import=(key import --token used --label usdc --key-file key.hex --serialized account.txt
    --chain-id 31337 --pin-file pin)
want 1 key import --token used --label plain --key-file key.hex --policy - --spent 1wei --pin-file pin
want 1 "${import[@]}" --spent much
want 0 "${import[@]}" --spent 0.0073ether --used 3
want 0 explain --token used --label usdc --input op0.json --json
json .wouldSign true
want 0 sign --token used --label usdc --input op0.json --pin-file pin
want 3 sign --token used --label usdc --input op1.json --pin-file pin
err <<'EOF'
valetkey: refused: gas: gas may cost 0.0014 ether, over the remaining budget of 0.0013 ether
valetkey: "valetkey explain" shows what each rule says
EOF

finish
