#!/bin/bash
# The session that the SDK made moves in and signs its eleven operations: what the chain accepted
# comes out as the SDK signed it, the rest is refused with these words.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
quick=() # the PINs as they are

want 0 token init --label main --so-pin-file so-pin --pin-file pin --json
json 'del(.serial)' '{"label":"main","defaultPolicy":"none"}'
want 0 token list --json
json '.tokens[] | del(.serial)' '{"label":"main","userPin":"ok","soPin":"ok","readOnly":false}'
want 0 key list
echo 'There are no keys.' | out

session .serializedAccount >account.txt
session .session.privateKey >key.hex
want 0 key import --label usdc --id 0102 --key-file key.hex --serialized account.txt \
    --chain-id 31337 --pin-file pin
out <<'EOF'
Imported the secp256k1 key "usdc" on the token "main".
  address        0x19a2c8FFA904Ad119b0298EE0AEdb7AE74Ba05Aa
  permissionId   0x2bed801e
Policy
  May call transfer on USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) with recipient = 0x70997970C51812dc3A010C7d01b50e0d17dc79C8, amount <= 100 USDC, without native value.
  May spend at most 0.01 ether on gas in all.
  Valid from 2026-01-01T00:00:00Z until 2031-01-01T00:00:00Z.
Next: valetkey sign --label 'usdc' --input FILE
EOF
want 0 key list
out <<'EOF'
LABEL                TYPE       ADDRESS OR PUBLIC KEY                       GRANTS  RULES
usdc                 secp256k1  0x19a2c8FFA904Ad119b0298EE0AEdb7AE74Ba05Aa       1  call,gas,timestamp
EOF

operation() {
    session ".operations[$1].userOp" >"op$1.json"
}
for i in {0..10}; do operation "$i"; done

want 3 explain --label usdc --input op1.json --at 1700000000 --json
json '[.rule, .reason, .chainError]' '["nonce","the permission is not installed yet: the first operation needs a nonce in enable mode (01)","AA23 reverted: revert()"]'

# sign INDEX: the SDK's signature, in one step and in two.
sign() {
    local expected
    expected=$(session ".operations[$1].signature" | lower)
    want 0 explain --label usdc --input "op$1.json"
    want 0 sign --label usdc --input "op$1.json" --session --pin-file pin
    cp out part
    want 0 userop attach --label usdc --input "op$1.json" --session-part part
    same "$(cat out)" "$expected" "the attached signature"
    # r and s alone, as CKM_ECDSA gives them: as hex, and as the 64 bytes of a file.
    want 0 userop attach --label usdc --input "op$1.json" --session-part "0x$(cut -c 5-132 part)"
    same "$(cat out)" "$expected" "the signature attached to r and s"
    # shellcheck disable=SC2059
    printf "$(cut -c 5-132 part | sed 's/../\\x&/g')" >rs
    want 0 userop attach --label usdc --input "op$1.json" --session-part rs
    same "$(cat out)" "$expected" "the signature attached to a file"
    want 0 sign --label usdc --input "op$1.json" --pin-file pin
    same "$(cat out)" "$expected" "the signature"
}
# refuse INDEX RULE REASON
refuse() {
    want 3 explain --label usdc --input "op$1.json" --json
    json '[.wouldSign, .rule, .reason]' "[false,\"$2\",\"$3\"]"
    want 3 sign --label usdc --input "op$1.json" --pin-file pin
    out </dev/null
    err <<EOF
valetkey: refused: $2: $3
valetkey: "valetkey explain" shows what each rule says
EOF
}
sign 0
sign 1
refuse 2 call '100.000001 USDC is over the limit of 100'
refuse 3 call 'recipient 0x90F79bf6EB2c4f870365E785982E1f101E93b906 is not the allowed 0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
refuse 4 call 'no permission allows approve on USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48)'
refuse 5 call 'no permission allows transfer on WETH (0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2)'
refuse 6 call '1 wei of native value is sent, but none is allowed'
sign 7
refuse 8 call 'call 2 of 2: recipient 0x90F79bf6EB2c4f870365E785982E1f101E93b906 is not the allowed 0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
refuse 9 gas 'gas may cost 0.014 ether, over the remaining budget of 0.0058 ether'
sign 10

want 3 sign --label usdc --input op2.json --pin-file pin --json
json '.error | del(.hint)' '{"exitStatus":3,"kind":"refused","message":"refused: call: 100.000001 USDC is over the limit of 100","rule":"call","reason":"100.000001 USDC is over the limit of 100"}'
want 0 sign --label usdc --input op1.json --pin-file pin --operation
json .signature "$(session '.operations[1].signature')"
want 0 sign --label usdc --input op1.json --pin-file pin --json
json .userOpHash "$(session '.operations[1].userOpHash')"

# The whole of key show.
want 0 key show --label usdc
out <<'EOF'
usdc
  type           secp256k1
  address        0x19a2c8FFA904Ad119b0298EE0AEdb7AE74Ba05Aa
  id             0x0102
  permissionId   0x2bed801e
Policy
  May call transfer on USDC (0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48) with recipient = 0x70997970C51812dc3A010C7d01b50e0d17dc79C8, amount <= 100 USDC, without native value.
  May spend at most 0.01 ether on gas in all.
  Valid from 2026-01-01T00:00:00Z until 2031-01-01T00:00:00Z.
Grants
  chain 31337, account 0x364fe8e7d96fC0cE795E3602928df956E382c4b3, Kernel 0.3.1, EntryPoint 0.7
    permission   approved, first operation signed
    gas left     0.00442 of 0.01 ether
Last refusal
  call: 100.000001 USDC is over the limit of 100
EOF
want 0 key show --id 0102 --json
json .policy "$(session .policies | jq -c .)"
json '.grants[0].budgets' '[{"rule":"gas","gasLeft":"4420000000000000"}]'

# A part of another operation, another key's account, bytes that are no part.
want 2 userop attach --label usdc --input op1.json --session-part part
err <<'EOF'
valetkey: the session part is not the key's signature of this operation
valetkey: sign the very same operation again with "valetkey sign --session"
EOF
want 2 userop attach --label usdc --input op1.json --session-part 0x0102
echo 'valetkey: a session part begins with 0xff, a bare signature has 64 bytes; this is something else (2 bytes)' | err
zeros=$(printf '%0128d' 0)
want 2 userop attach --label usdc --input op1.json --session-part "0x$zeros"
err <<'EOF'
valetkey: the session part is not the key's signature of this operation
valetkey: sign the very same operation again with "valetkey sign --session"
EOF
want 1 userop attach --label usdc --input op1.json --session-part part --assertion op1.json
echo 'valetkey: --assertion belongs to the bare signature of a passkey (64 bytes); this part has 66 bytes, of a secp256k1 key' | err
jq '.sender = "0x1111111111111111111111111111111111111111"' op1.json >other.json
want 5 userop attach --label usdc --input other.json --session-part part
err <<'EOF'
valetkey: the key "usdc" has no grant for the account 0x1111111111111111111111111111111111111111
valetkey: "valetkey key show" lists its grants
EOF
want 3 sign --label usdc --input other.json --pin-file pin

want 0 key remove --label usdc --pin-file pin
out <<'EOF'
Removed the key "usdc" from the token "main".
An account that approved it still has the permission: revoke it there.
EOF
want 5 key show --label usdc
err <<'EOF'
valetkey: there is no key with the label "usdc" on the token "main"
valetkey: see "valetkey key list"
EOF
finish
