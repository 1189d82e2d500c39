#!/usr/bin/env bash
# The disk that any program can be run on (tests/support/disk.h): it counts, and it is slow.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
echo so-pin-1 >"$work/so"
echo user-pin-1 >"$work/user"

fail() {
    echo "$*"
    exit 1
}

# A preloaded library comes before the sanitizer's, which it does not replace.
export ASAN_OPTIONS=verify_asan_link_order=0 VALETKEY_HOME=$work/tokens
export VALETKEY_MODULE=$VK_TEST_BUILDDIR/.libs/valetkey-pkcs11.so
make_token() {
    rm -rf "$work/tokens"
    env LD_PRELOAD="$VK_TEST_BUILDDIR/.libs/vk-disk.so" VK_DISK_REPORT=1 "$@" "$VK_TEST_BUILDDIR/valetkey" \
        token init --label t --so-pin-file "$work/so" --pin-file "$work/user" 2>&1 >/dev/null
}

said=$(make_token)
[[ $said =~ ^disk:\ ([0-9]+)\ syncs$ ]] || fail "no count, but: $said"
syncs=${BASH_REMATCH[1]}
[ "$syncs" -gt 0 ] || fail "a token was made without a sync"

before=$(date +%s%N)
said=$(make_token VK_DISK_SYNC_US=20000)
took=$((($(date +%s%N) - before) / 1000000))
[ "$said" = "disk: $syncs syncs" ] || fail "not $syncs syncs, but: $said"
[ $took -ge $((syncs * 20)) ] || fail "$syncs syncs of 20 ms took $took ms"
