#!/bin/bash
# explain, whole outputs: the operations of the session that the SDK made, judged when the chain
# judged them; other times and budgets; calls of every kind; what it leaves alone. And where the
# reason is found when the key itself has refused.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa
expected=$VK_TEST_SRCDIR/tests/cli/expected

# told NAME: the output is the expected file, whole. VK_TEST_WRITE=1 writes it instead.
told() {
    [ -z "${VK_TEST_WRITE-}" ] || cp out "$expected/$1"
    out <"$expected/$1"
}
# Everything on the token.
contents() {
    cat "$VALETKEY_HOME"/*.db*
}

want 0 token init --label main --so-pin-file so-pin --pin-file pin
session .serializedAccount >account.txt
session .session.privateKey >key.hex
want 0 key import --label usdc --id 0102 --key-file key.hex --serialized account.txt \
    --chain-id 31337 --pin-file pin

# ---- The eleven operations, each at its time ----

for i in {0..10}; do
    session ".operations[$i].userOp" >"op$i.json"
    accepted=$(session ".operations[$i].verdict.accept")
    status=3
    [ "$accepted" = false ] || status=0
    want $status explain --label usdc --input "op$i.json" --at "$(session ".operations[$i].timestamp")"
    told "session-$i.txt"
    [ "$accepted" = false ] || want 0 sign --label usdc --input "op$i.json" --pin-file pin
done

contents >before
want 3 explain --label usdc --input op2.json --at 2026-11-18T11:09:40Z --json
told refused.json
same "$(jq -r .userOpHash out)" "$(session '.operations[2].userOpHash')" "the hash"

# ---- Other times and budgets ----

explain=(explain --label usdc --input op10.json --json)
brief='[.verdict.accept, .verdict.rule, .chainError, .at]'
want 3 "${explain[@]}" --at 1767225599
json "$brief" '[false,"timestamp","AA22 expired or not due",1767225599]'
want 0 "${explain[@]}" --at 2026-01-01T00:00:00Z
json "$brief" '[true,null,null,1767225600]'
want 0 "${explain[@]}" --at 2026-01-01t01:30:00.75+01:30
json "$brief" '[true,null,null,1767225600]'
want 0 "${explain[@]}" --at '2025-12-31 23:00:00-01:00'
json "$brief" '[true,null,null,1767225600]'
for time in yesterday 2026-01-01 2026-02-30T00:00:00Z 2026-00-01T00:00:00Z 2026-01-01T24:00:00Z \
    2026-01-01T00:00:00 2026-01-01T00:00:00.Z 2026-01-01T00:00:00+0100 -1 1.5 ''; do
    want 1 "${explain[@]}" --at "$time"
done
json '.error.message' '--at is "", but must be seconds since 1970, or like 2026-01-31T12:00:00Z'
explain+=(--at 2026-11-18T12:00:00Z)
want 3 "${explain[@]}" --spent 0.0087ether
json "$brief + [.rules[1].spent]" '[false,"gas","AA23 reverted: PolicyFailed(1)",1795003200,"8700000000000000"]'
want 0 "${explain[@]}" --spent '8600000 gwei'
json "$brief + [.rules[1].spent]" '[true,null,null,1795003200,"8600000000000000"]'
want 0 "${explain[@]}" --spent 0
for amount in 1.5wei 1.5 -1 1eth 0.0000000000000000001ether ether ''; do
    want 1 "${explain[@]}" --spent "$amount"
done
json '.error.message' '--spent is "", but must be an amount like 4000000000000000, 0.004ether or 25gwei'
want 1 "${explain[@]}" --used 1
json '.error.message' "--used is for keys under a rate-limit rule, which this key's policy has not"

# The token is as it was: no denial, no budget, no counter.
want 0 explain --label usdc --input op10.json --at 1795000660 --pin-file pin --json
contents | cmp -s - before || fail "explain has written to the token"
want 0 key show --label usdc --json
json .lastDenial null

# ---- Calls of every kind, by a key that only gas and counts limit ----

cat >wide.json <<'EOF'
[{"type":"gas","allowed":"100000000000000000"},
 {"type":"rate-limit","interval":60,"count":5,"startAt":1795000000},
 {"type":"rate-limit","policyAddress":"0x6A06358E6b283921DECEAbe7e8A3741d506ccA9B","interval":3600,"count":2}]
EOF
owner=$(session .owner.address)
approve=(approve --label wide --kernel-version 0.3.1 --owner "$owner" --pre-installed --pin-file pin)
session .owner.privateKey >owner.hex
want 0 key import --label wide --policy wide.json --key-file owner.hex --pin-file pin --json
id=$(jq -r .permissionId out)
want 0 "${approve[@]}" --chain-id 1
account=$(session .account)

# operation CALLTYPE EXECTYPE CALLS: an operation of the key with them.
operation() {
    local data
    data=$(jq -nc --arg type "$1" --arg exec "$2" --argjson calls "$3" \
        '{id:1,kind:"execute_calldata",in:{kernelVersion:"0.3.1",calls:$calls,callType:$type,execType:$exec,hooked:false}}' |
        "$VK_TEST_BUILDDIR/valetkey" batch | jq -r .out.callData)
    jq --arg data "$data" --arg id "${id#0x}" \
        '.callData = $data | .nonce = "0x2" + $id + "0000000000000000000000000000000000000000000000000003"' op1.json
}
hex_word() {
    printf '%064x' "0x$1"
}
usdc=0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48
alice=70997970C51812dc3A010C7d01b50e0d17dc79C8
unlimited=$(printf 'f%.0s' {1..64})
explain=(explain --label wide --input op.json --at 1795000300)

calls='[
 {"to":"'$usdc'","value":"0","data":"0x095ea7b3'000000000000000000000000$alice$unlimited'"},
 {"to":"0x'$alice'","value":"250000000000000000","data":"0x"},
 {"to":"0x3333333333333333333333333333333333333333","value":"0","data":"0x1b5b303b'$(hex_word 31)$(hex_word 32)'ff"}]'
operation call 0x01 "$calls" >op.json
want 0 "${explain[@]}"
told batch.txt

operation delegatecall 0x00 '[{"to":"0x3333333333333333333333333333333333333333","value":"0","data":"0x3659cfe6'"$(hex_word 1)"'"}]' >op.json
want 3 "${explain[@]}"
told delegatecall.txt

operation call 0x00 '[{"to":"'"$account"'","value":"0","data":"0x3659cfe6'"$(hex_word 1)"'"}]' >op.json
want 3 "${explain[@]}" --used 1
told self.txt
want 3 "${explain[@]}" --json
json '[.verdict.hardening, .chainError, .verdict.rule]' '["protected-target",null,"target"]'

jq --arg id "${id#0x}" '.callData = "0x3659cfe6" | .nonce = "0x2" + $id + "0000000000000000000000000000000000000000000000000003"' op1.json >op.json
want 3 "${explain[@]}"
told own-function.txt

# A window that has its count, one that is over, a lifetime.
operation call 0x00 '[{"to":"0x'$alice'","value":"0","data":"0x"}]' >op.json
want 3 "${explain[@]}" --used 2
told used.txt
want 3 "${explain[@]}" --used 5 --json
json '[.rules[] | [.type, .result]]' '[["gas","allowed"],["rate-limit","denied"],["rate-limit","denied"]]'
json .chainError 'AA23 reverted: PolicyFailed(1)'

# ---- When the key has refused ----

# refused SENTENCE: by sign, and kept for whoever asks the key.
refused() {
    want 3 sign --label wide --input op.json --pin-file pin "${@:2}"
    head -n 1 err >first && mv first err
    echo "valetkey: refused: $1" | err
    want 0 key show --label wide --json
    json .lastDenial "$1"
}
call_self='[{"to":"'"$account"'","value":"0","data":"0x"}]'
operation call 0x00 "$call_self" >op.json
target="target: the call to $account is one to the account itself, which could lift this session's limits; no permission names exactly this target and function (hardening rule protected-target)"
refused "$target"
want 0 "${approve[@]}" --chain-id 8453
refused "$target (account $account on chain 8453)" --chain-id 8453

# ---- VALETKEY_DEBUG: a line a refusal ----

export VALETKEY_DEBUG=1
hash() {
    want 3 explain --label wide --input op.json --chain-id 8453 --json
    jq -r .userOpHash out
}
hash=$(hash)
want 3 sign --label wide --input op.json --chain-id 8453 --pin-file pin
err <<EOF
valetkey-pkcs11: the key "wide" refuses operation $hash of $account: $target (account $account on chain 8453)
valetkey: refused: $target (account $account on chain 8453)
valetkey: "valetkey explain" shows what each rule says
EOF
# Allowed operations and explain say nothing.
want 0 sign --label usdc --input op10.json --pin-file pin
err </dev/null
want 3 explain --label usdc --input op2.json
err </dev/null
unset VALETKEY_DEBUG
finish
