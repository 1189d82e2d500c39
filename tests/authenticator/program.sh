#!/bin/bash
# The authenticator as a program: its options, the lines of its control socket, how it ends.
set -u
program=$VK_TEST_BUILDDIR/tests/authenticator/authenticator
work=$(mktemp -d)
cd "$work" || exit 1
failures=0
pid=
trap 'test -z "$pid" || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# start ARGUMENT...: until it is ready.
start() {
    "$program" --socket socket --control control "$@" >out &
    pid=$!
    for _ in $(seq 100); do
        grep -q '^ready$' out && return
        sleep 0.1
    done
    fail "it is not ready: $*"
}

# tell LINE ANSWER
tell() {
    local got
    got=$("$program" --tell control "$1")
    [ "$got" = "$2" ] || fail "$1: $got, not $2"
}

start --pin 1234 --touch never --no largeBlobs,x5c --with alwaysUv --misbehave wrong-rp-id,no-uv
[ -S socket ] || fail "there is no socket"
tell pin-retries "ok 8"
tell credentials "ok 0"
tell counter "ok 1000"
tell "misbehave stall,garbage" ok
tell "misbehave none" ok
tell "misbehave stall,dance" "error no such mistake"
tell "touch 200" ok
tell "touch now" ok
tell "touch denied" ok
tell "touch maybe" "error now, never, denied or milliseconds"
tell "uv fails" ok
tell "uv perhaps" "error succeeds or fails"
tell dance "error no such command"
tell unplug ok
[ -e socket ] && fail "the socket is there although it is unplugged"
tell plug ok
[ -S socket ] || fail "there is no socket again"
"$program" --socket socket --control other >/dev/null 2>&1 && fail "two on one socket"
"$program" --tell control touch >/dev/null 2>&1 & # which waits
sleep 0.2
kill -TERM "$pid"
wait "$pid" || fail "exit status $?"
pid=
[ -e socket ] || [ -e control ] && fail "the sockets are still there"

for wrong in "" "--socket a b" "--socket a --no dance" "--socket a --misbehave dance" \
    "--socket a --touch maybe" "--socket a --uv maybe" "--socket a --credentials many" "--dance"; do
    # shellcheck disable=SC2086
    "$program" $wrong >/dev/null 2>&1
    got=$?
    [ "$got" = 2 ] || fail "exit status $got for: $wrong"
done
"$program" --socket /nonexistent/socket 2>/dev/null
got=$?
[ "$got" = 1 ] || fail "exit status $got for a socket that cannot be"
[ "$failures" = 0 ]
