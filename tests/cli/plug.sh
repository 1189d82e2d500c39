# Security keys for the tests of the command: authenticators in software, of tests/authenticator. Source
# it after lib.sh. It makes the folder of the tokens.

unset VALETKEY_FIDO2
authenticator=$VK_TEST_BUILDDIR/tests/authenticator/authenticator
[ -x "$authenticator" ] || exit 77
mkdir -m 700 "$VALETKEY_HOME"

# touches_time_out SECONDS: first of all.
touches_time_out() {
    printf 'fido2 = configured\nfido2-timeout = %s\n' "$1" >"$VALETKEY_HOME/valetkey.conf"
}
# until_true TEST...: within ten seconds.
until_true() {
    for _ in {1..100}; do
        "$@" && return
        sleep 0.1
    done
    fail "it never came to be: $*"
}
# plug NAME OPTION...: one more security key.
plug() {
    local name=$1
    shift
    printf 'fido2-device = unix:%s/%s\n' "$work" "$name" >>"$VALETKEY_HOME/valetkey.conf"
    "$authenticator" --socket "$work/$name" --control "$work/$name.control" "$@" >"$name.ready" &
    started+=($!)
    until_true test -s "$name.ready"
}
# answer NAME WORD...: what it says to that.
answer() {
    "$authenticator" --tell "$work/$1.control" "${*:2}"
}
# tell NAME WORD...: what its user does.
tell() {
    answer "$@" >/dev/null || fail "cannot tell $*"
}
