#!/bin/bash
# A key that is a validator beside the owner's in an account of Kernel 0.2.x: what the owner approves,
# the operation that brings the approval along, those after it; nobody is asked to approve what would
# replace him.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/pairing.sh"

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
payments
secret 34 >owner.hex
want 0 key import --token cold --label owner --key-file owner.hex --pin-file pin
want 0 key show --token cold --label owner --json
owner=$(jq -r .address out)
uri="pkcs11:token=cold;object=owner?module-path=$VALETKEY_MODULE&pin-source=file:$work/pin"
main() {
    local status=$1
    shift
    want "$status" "$@" --token main
}

secret 56 >key.hex
main 0 key import --label pass --type p256 --key-file key.hex --authenticator-id dmFsZXRrZXk \
    --policy policy.json --pin-file pin --lint off
main 0 key import --label ecdsa --key-file key.hex --policy policy.json --pin-file pin --lint off
approve=(approve --chain-id 10 --kernel-version 0.2.4 --lint off)

# The same validator contract as the owner's keeps one key an account.
main 2 "${approve[@]}" --label ecdsa --owner "$owner"
grep -q '^valetkey: the account cannot be approved for: rootValidator: .* would replace the owner. Use a passkey key$' err ||
    fail "another message"

# The question, and the answer of the owner's key.
main 0 "${approve[@]}" --label pass --owner "$owner" --index 2 --json
account=$(jq -r .account out)
json '[.kind, .keptBy, .kernelVersion]' '["plugin","token","0.2.4"]'
json '.typedData | [.primaryType, .domain.version, .message.sig, .message.executor]' \
    '["ValidatorApproved","0.2.4","0x51945447","0x0000000000000000000000000000000000000000"]'
main 0 "${approve[@]}" --label pass --owner "$owner" --index 2
grep -qxF "$kept" out || fail "approve says not who keeps the limits"
main 1 "${approve[@]}" --label pass --owner "$owner" --enable-nonce 3
err <<'EOF'
valetkey: --enable-nonce is for permissions (Kernel 0.3.0 on) only
EOF
main 0 "${approve[@]}" --label pass --owner "$owner" --index 2 --owner-key "$uri" --pin-file pin
out <<EOF
The key "pass" may act for the account $account on chain 10.
$kept
EOF

# The approval goes with every operation until one asks for the mode of an enabled plug-in.
operation 0.2.4 "$(paid 5)" 0 0x00000001
main 3 sign --label pass --input op.json --pin-file pin
grep -q '^valetkey: refused: nonce: ' err || fail "another message"
operation 0.2.4 "$(paid 5)" 0
main 0 explain --label pass --input op.json
grep -q 'nonce .*allowed  the operation brings the approval along (enable mode)$' out || fail "another finding"
grep -qxF "$kept" out || fail "explain says not who keeps the limits"
main 0 sign --label pass --input op.json --pin-file pin
grep -q '^0x00000002000000000000000000000000' out || fail "no enable mode, or a window"
operation 0.2.4 "$(paid 5)" 1 0x00000001
main 0 sign --label pass --input op.json --pin-file pin
grep -q '^0x00000001' out || fail "no plug-in mode"
main 0 key show --label pass --json
json '.grants[0] | [.kind, .enabled, .budgets[0].gasLeft]' '["plugin",true,"800000"]'
# A function that was not approved.
operation 0.2.4 "[$(paid 1 | jq -c .[0]),$(paid 1 | jq -c .[0])]" 2
main 3 sign --label pass --input op.json --pin-file pin
grep -q '^valetkey: refused: selector: ' err || fail "another message"
no_messages plugin --label pass

# On the chain only the approval's window counts, no rule; of EntryPoint 0.6 the factory and the
# paymaster begin longer members.
main 0 "${approve[@]/10/137}" --label pass --account "$account" --owner "$owner" --owner-key "$uri" --pin-file pin \
    --valid-after 2026-01-01T00:00:00Z --valid-until 2030-01-01T00:00:00Z
operation 0.2.4 "$(paid 6)" 0
jq -c '.initCode = "0x" + "ab" * 24 | .paymasterAndData = "0x" + "cd" * 21' op.json >longer.json
on137=(explain --label pass --input longer.json --chain-id 137)
main 3 "${on137[@]}" --at 2027-01-01T00:00:00Z
grep -q '^  on  *Polygon (chain 137), EntryPoint 0.6, Kernel 0.2.4$' out || fail "another account"
grep -q '^On the chain' out && fail "no contract is asked about the rules"
grep -qxF "$kept" out || fail "explain says not who keeps the limits"
main 3 "${on137[@]}" --at 2027-01-01T00:00:00Z --json
json '[.kind, .keptBy, .rule, .chainError, .window.validAfter, .window.validUntil]' \
    '["plugin","token","call",null,1767225600,1893456000]'
json '[.factory, .paymaster, .calls[0].value] | map(ascii_downcase)' \
    "[\"0x$(printf 'ab%.0s' {1..20})\",\"0x$(printf 'cd%.0s' {1..20})\",\"6\"]"
operation 0.2.4 "$(paid 5)" 0
main 3 "${on137[@]/longer/op}" --at 2031-01-01T00:00:00Z --json
json '[.rule, .chainError]' '["approval","AA22 expired or not due"]'

# A passkey's account, which has the ECDSA key already: no approval.
point=$(jq -rn '"0x" + "11" * 64')
main 1 "${approve[@]}" --label ecdsa --owner "$point"
main 0 "${approve[@]}" --label ecdsa --account "$account" --pre-installed --pin-file pin
operation 0.2.4 "$(paid 5)" 3
owned
main 0 sign --label ecdsa --input op.json --pin-file pin
same "$(cat out)" "0x00000001${expected#0x00000000}" "the signature"
by_tool ecdsa op.json "0x00000001${expected#0x00000000}"
finish
