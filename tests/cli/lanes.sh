#!/bin/bash
# Operations side by side: --lane auto gives each process a lane of its own, a lane that is named has one
# at a time, and the operation that installs the permission goes alone.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
. "$VK_TEST_SRCDIR/tests/cli/servers.sh"
. "$VK_TEST_SRCDIR/tests/cli/usdc.sh"
import_session
serve 31337
outbox=$VALETKEY_HOME/outbox

# pay N: a call that pays so much.
pay() { transfer $payee "$1"; }
# run NAME ARGUMENT...: in the background, what it says in NAME.out, NAME.err.
run() {
    local name=$1
    shift
    "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" "$@" >"$name.out" 2>"$name.err" </dev/null &
}
# together ARGUMENT...: four at once, of four amounts, LANE in them is the number. Their exit statuses, sorted.
together() {
    local i status pids=() statuses=()
    step="four at once: $*"
    for i in 0 1 2 3; do
        run "$i" send --token "$token" --label usdc --call "$(pay $((i + 1)))" --pin-file pin --json "${@/LANE/$i}"
        pids+=($!)
    done
    for i in 0 1 2 3; do
        status=0
        wait "${pids[i]}" || status=$?
        statuses+=("$status")
    done
    same "$(printf '%s\n' "${statuses[@]}" | sort | tr '\n' ' ')" "$expected" "what they exit with"
}
# The lanes of what waits, in order: the 16 bits before the sequence.
lanes() {
    jq -r .userOp.nonce "$outbox"/*.json | sed 's/^0x//' |
        while read -r nonce; do
            nonce=$(printf '%64s' "$nonce" | tr ' ' 0)
            echo $((16#${nonce:44:4}))
        done | sort -n | tr '\n' ' '
}
clean() {
    same "$(find "$outbox" -name '*.lane' | wc -l)" 0 "the number of claims"
}

# ---- Enable mode: one alone, whatever the lanes ----
# The token, too, has an approval used once only: so each case has its own.
expected='0 2 2 2 '
want 0 token init --label second --so-pin-file so-pin --pin-file pin
want 0 key import --token second --label usdc --key-file key.hex --serialized account.txt --chain-id 31337 --pin-file pin
for token in main second; do
    lane=auto
    [ $token = main ] || lane=LANE
    together --lane $lane
    cat [0-3].err | grep '^valetkey: an' >refusals
    same "$(grep -c 'the operation that installs the permission$\|that installs the same permission may be on its way: 0x\|with the same nonce may be on its way: 0x' refusals)" \
        3 "the number of refusals"
    same "$(find "$outbox" -name '*.json' | wc -l)" 1 "the number of operations"
    clean
    [ $token = second ] || rm "$outbox"/*
done
token=main
enabling=$(lanes)
hash=$(basename "$outbox"/*.json .json)
want 2 send --token second --label usdc --call "$(pay 9)" --lane 5 --pin-file pin
err <<END
valetkey: an operation that installs the same permission may be on its way: $hash
valetkey: see what becomes of it with --resume HASH --wait; operations go side by side once the permission is installed
END
# Nobody is kept from looking.
want 0 send --token second --label usdc --call "$(pay 9)" --lane "${enabling% }" --dry-run
rm "$outbox"/*
# The same again is the same operation on a lane of its name, and another on any.
want 0 send --token main --label usdc --call "$(pay 1)" --pin-file pin
want 0 send --token main --label usdc --call "$(pay 1)" --pin-file pin
want 2 send --token main --label usdc --call "$(pay 1)" --lane auto --pin-file pin
same "$(find "$outbox" -name '*.json' | wc -l)" 1 "the number of operations"
rm "$outbox"/*

# ---- Installed: side by side ----
installed 0
cp script.json installed.json
expected='0 0 0 0 '
together --lane auto
same "$(lanes)" '0 1 2 3 ' "the lanes"
same "$(cat [0-3].out | jq -r .nonce | sort -u | wc -l)" 4 "the number of nonces"
clean
want 0 send --token main --label usdc --call "$(pay 1)" --lane auto --dry-run
grep -q 'lane 4, sequence 0' out || fail "$(cat out)"
# A lane whose nonce is used by now is free, whoever removes what waited there.
next_nonce 1
want 0 send --token main --label usdc --call "$(pay 1)" --lane auto --dry-run
grep -q 'lane 0, sequence 1' out || fail "$(cat out)"
cp installed.json script.json
rm "$outbox/$(jq -r .userOpHash 2.out).json"
lane=$(jq -r .nonce 2.out)
want 0 send --token main --label usdc --call "$(pay 5)" --lane auto --pin-file pin --json
json .nonce "$lane"
same "$(lanes)" '0 1 2 3 ' "the lanes"
rm "$outbox"/*

# One lane, by its number: one goes, the others say why.
expected='0 2 2 2 '
together --lane 7
cat [0-3].err | grep '^valetkey: an' >refusals
same "$(grep -c 'another process is making an operation on this lane$\|an operation with the same nonce may be on its way: 0x' refusals)" \
    3 "the number of refusals"
same "$(lanes)" '7 ' "the lanes"
clean
rm "$outbox"/*

# ---- One that makes an operation and does not come on; one that is killed ----
# stop ARGUMENT...: as far as the claim, then stopped.
stop() {
    jq '.answers["eth_call:0x35567e1a"].stall = 3000' installed.json >script.json
    run stopped send --token main --label usdc --call "$(pay 1)" --pin-file pin "$@"
    stopped=$!
    for _ in {1..100}; do
        [ "$(find "$outbox" -name '*.lane' | wc -l)" = 0 ] || break
        sleep 0.05
    done
    kill -STOP $stopped
    cp installed.json script.json
}
stop --lane 3
want 2 send --token main --label usdc --call "$(pay 2)" --lane 3 --pin-file pin
err <<'END'
valetkey: another process is making an operation on this lane
valetkey: try again, or send beside it with --lane auto
END
want 0 send --token main --label usdc --call "$(pay 2)" --lane 4 --pin-file pin
kill -KILL $stopped
wait $stopped 2>/dev/null
want 0 send --token main --label usdc --call "$(pay 2)" --lane 3 --pin-file pin
same "$(lanes)" '3 4 ' "the lanes"
clean
rm "$outbox"/*
stop --lane auto
want 0 send --token main --label usdc --call "$(pay 2)" --lane auto --pin-file pin
same "$(lanes)" '1 ' "the lanes"
kill -CONT $stopped
wait $stopped || fail "$(cat stopped.err)"
same "$(lanes)" '0 1 ' "the lanes"
clean

# An operation of a file has its nonce, and its lane with it.
want 0 send --token main --label usdc --call "$(pay 3)" --lane 2 --dry-run --json
jq .operation.userOp out >op.json
rm "$outbox"/*
stop --lane 2
want 2 send --token main --label usdc --userop op.json --pin-file pin
grep -q 'another process is making an operation on this lane' err || fail "$(cat err)"
kill -KILL $stopped
wait $stopped 2>/dev/null
want 0 send --token main --label usdc --userop op.json --pin-file pin
want 1 send --token main --label usdc --call "$(pay 1)" --lane 65536 --dry-run
err <<'END'
valetkey: --lane is "65536", but must be a number below 65536, a name, or auto
END
finish
