#!/bin/bash
# "session create" and "session import" on a token of which any one call fails, or all from some call on:
# nothing is left that is half done, or the same command goes on with it.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
# shellcheck disable=SC2054
wrapper=$VK_TEST_BUILDDIR/.libs/vk-failing-module.so
[ -f "$wrapper" ] || exit 77

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token init --label cold --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 key create --token cold --label owner --pin-file pin --lint off
owner_uri='pkcs11:token=cold;object=owner'
for validator in ecdsa multichain; do
    want 0 account create --token main --name $validator --kernel-version 0.3.1 --validator $validator \
        --owner-key "$owner_uri" --pin-file pin
done
echo '[{"type":"sudo"}]' >policy.json
create() { # VALIDATOR
    create=(session create --token main --account "$1" --label shop --chain-id 1,10 --policy policy.json --lint off
        --owner-key "$owner_uri" --owner-pin-file pin --pin-file pin)
}
# failing KIND N FUNCTION ARGUMENT...: the command on a token whose N-th call fails, or all from there on,
# counted from the first of that function; its exit status in $status, what failed first in $failed.
failing() {
    local name=VK_FAIL_$1 n=$2 after=$3
    shift 3
    step="$name=$n valetkey $*"
    status=0
    env "$name=$n" VK_FAIL_AFTER="$after" VK_FAIL_MODULE="$VALETKEY_MODULE" VK_FAIL_LOG=log VALETKEY_MODULE="$wrapper" \
        setsid -w "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" "$@" >out 2>err </dev/null || status=$?
    read -r calls failed <log
}
# on_token: its keys and sessions.
on_token() {
    "$VK_TEST_BUILDDIR/valetkey" session list --token main --json | jq -c '[.sessions[] | [.label, .chainId]]'
    "$VK_TEST_BUILDDIR/valetkey" key list --token main --json | jq -c '[.keys[].label]'
}
nothing=$(on_token)
all='[["shop",1],["shop",10]]
["shop"]'
same "$nothing" '[]
[]' "what is on the token"
# failed_well: it says what is wrong, and is not killed.
failed_well() {
    [ "$status" -gt 0 ] && [ "$status" -lt 10 ] || fail "exit status $status"
    grep -q '^valetkey: ' err || fail "it says nothing"
}

# ---- One call fails: nothing is left ----
# Before the key is made, nothing can be left.
seen=
for validator in ecdsa multichain; do
    create $validator
    for ((n = 1; n < 1000; n++)); do
        failing AT $n C_GenerateKeyPair "${create[@]}"
        [ "$failed" != - ] || break
        seen+=" $failed"
        if [ $status = 0 ]; then
            same "$(on_token)" "$all" "what is left, where it says that all is well"
            want 0 key remove --token main --label shop --pin-file pin
            continue
        fi
        failed_well
        same "$(on_token)" "$nothing" "what is left after $failed failed"
    done
    same "$status $(on_token)" "0 $all" "what is there where nothing fails"
    want 0 key remove --token main --label shop --pin-file pin
done
for function in GenerateKeyPair CreateObject SignInit Sign GetAttributeValue FindObjects; do
    [[ $seen == *" C_$function "* ]] || fail "C_$function never failed"
done
same "$(grep -o 'C_CreateObject' <<<"$seen" | wc -l)" 4 "the grants that could not be added"

# ---- A key that was there: what was added stays, and the same command adds the rest ----
create ecdsa
want 0 key create --token main --label shop --policy policy.json --lint off --pin-file pin
alone='[]
["shop"]'
halves=0
for ((n = 1; n < 1000; n++)); do
    failing AT $n C_SignInit "${create[@]}"
    [ "$failed" != - ] || break
    [ $status != 0 ] || break
    failed_well
    left=$(on_token)
    [ "$left" != "$alone" ] || continue
    halves=$((halves + 1))
    same "$left" '[["shop",1]]
["shop"]' "what is left after $failed failed"
    grep -q '^valetkey: 1 of 2 grants were added: the same command adds the rest$' err || fail "$(cat err)"
    want 0 "${create[@]}"
    same "$(on_token)" "$all" "what is there after the same command"
    want 0 key remove --token main --label shop --pin-file pin
    want 0 key create --token main --label shop --policy policy.json --lint off --pin-file pin
done
same $halves 1 "how often one grant was left"
want 0 key remove --token main --label shop --pin-file pin

# ---- Importing a session is all or nothing as well ----
printf '%064d' 7 >key.hex
want 0 key import --token main --label shop --key-file key.hex --policy policy.json --lint off --pin-file pin
want 0 "${create[@]}" --output accounts.txt
want 0 key remove --token main --label shop --pin-file pin
import=(session import --token main --label shop --serialized accounts.txt --chain-id 1,10 --key-file key.hex
    --lint off --pin-file pin)
objects=0
for ((n = 1; n < 1000; n++)); do
    failing AT $n C_CreateObject "${import[@]}"
    [ "$failed" != - ] || break
    [ "$failed" != C_CreateObject ] || objects=$((objects + 1))
    if [ "$(on_token)" != "$nothing" ]; then
        # What is told afterwards cannot be read; the session is whole.
        same "$(on_token)" "$all" "what is left after $failed failed"
        want 0 key remove --token main --label shop --pin-file pin
    fi
done
same "$status" 0 "the exit status where nothing fails"
same $objects 4 "the objects that could not be made"
want 0 key remove --token main --label shop --pin-file pin

# ---- The token is gone from some call on: what is left, the same command goes on with ----
keys=0
for ((n = 1; n < 1000; n++)); do
    failing FROM $n C_GenerateKeyPair "${create[@]}"
    [ "$failed" != - ] || break
    if [ $status = 0 ]; then
        same "$(on_token)" "$all" "what is left, where it says that all is well"
    else
        failed_well
        if [ "$(on_token)" != "$nothing" ]; then
            keys=$((keys + 1))
            grep -q '^valetkey: .*the key that was made could not be removed again: ' err || fail "$(cat err)"
        fi
        want 0 "${create[@]}"
        same "$(on_token)" "$all" "what is there after the same command"
    fi
    want 0 key remove --token main --label shop --pin-file pin
done
[ $keys -gt 2 ] || fail "the key was left $keys times only"
finish
