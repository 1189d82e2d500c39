# Shared by the tests of the command. Source it. Each test has a token folder of its own; a step is
# run by `want STATUS ARGUMENT...`, and what it said is compared by `out` and `err`, whole.

set -u
# What compares at the end of a pipe counts its failures here.
shopt -s lastpipe
command -v jq >/dev/null || exit 77

export LC_ALL=C

vectors=$VK_TEST_SRCDIR/tests/vectors
work=$(mktemp -d)
# Processes that end with the test; others may be added.
started=()
trap 'kill "${started[@]}" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset XDG_DATA_HOME VALETKEY_DEBUG
export VALETKEY_HOME=$work/tokens
export VALETKEY_MODULE=$VK_TEST_BUILDDIR/.libs/valetkey-pkcs11.so
export VALETKEY_ANCHOR_DIR=$work/anchors
failures=0
step=

# Before a program that logs in: its PINs cost nothing (tests/support/quick_pins.c). Where a test wants
# them as they are, quick=().
quick=(env LD_PRELOAD="$VK_TEST_BUILDDIR/.libs/vk-quick-pins.so"
    ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}")

umask 077
echo so-pin-1 >so-pin
echo user-pin-1 >pin

fail() {
    printf 'FAILED: %s: %s\n' "$step" "$*"
    failures=$((failures + 1))
}

# want STATUS ARGUMENT...: runs the command, without a terminal.
want() {
    local status=$1 got=0
    shift
    step="valetkey $*"
    setsid -w "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" "$@" >out 2>err </dev/null || got=$?
    if [ "$got" != "$status" ]; then
        fail "exit status $got, not $status"
        cat out err
    fi
}

# The text on standard input is all that was on standard output; on standard error.
out() {
    diff -u --label expected - --label output out || fail "another output"
}
err() {
    diff -u --label expected - --label errors err || fail "another message"
}
# json FILTER TEXT: what jq makes of the output.
json() {
    local got
    got=$(jq -rc "$1" out) || fail "the output is not JSON"
    [ "$got" = "$2" ] || fail "$1 is $got, not $2"
}
same() {
    [ "$1" = "$2" ] || fail "$3 is $1, not $2"
}

# The value in a session vector; the whole in lower case.
session() {
    jq -r "$1" "$vectors/session/$file.json"
}
lower() {
    tr 'A-F' 'a-f'
}
# As the ABI has them, in hex without 0x. word N: a number; padded HEX: an address.
word() { printf '%064x' "$1"; }
padded() { printf '%064s' "${1#0x}" | tr ' ' 0 | lower; }

finish() {
    if [ $failures != 0 ]; then
        echo "$failures steps failed"
        exit 1
    fi
}
