#!/bin/bash
# Debian's python3-fido2 as a second client of the authenticator: python_client.py.
set -u
program=$VK_TEST_BUILDDIR/tests/authenticator/authenticator
client=$VK_TEST_SRCDIR/tests/authenticator/python_client.py
[ -x "$program" ] || exit 77
if ! /usr/bin/python3 -c 'import fido2, sys; sys.exit(fido2.__version__ != "0.9.1")' 2>/dev/null; then
    echo "NOT RUN: there is no python3-fido2 0.9.1"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# run SCENARIO OPTION...: with an authenticator of its own.
run() {
    local scenario=$1 socket=$work/$1 pid
    shift
    "$program" --socket "$socket" --control "$socket.control" "$@" >"$work/ready" &
    pid=$!
    for _ in {1..200}; do
        [ -s "$work/ready" ] && break
        sleep 0.05
    done
    echo "-- $scenario"
    if ! timeout 120 /usr/bin/python3 "$client" "$socket" "$scenario"; then
        echo "FAILED: $scenario"
        failed=1
    fi
    kill "$pid"
    wait "$pid"
}

run pin1
run pin2
run x5c --pin 1234 --with x5c
run uv --uv succeeds
exit $failed
