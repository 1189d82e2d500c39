#!/bin/sh
# Runs play under libfaketime, whose clock file it writes before every step.
set -eu
lib=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)
if [ -z "$lib" ]; then
    echo "libfaketime is missing: apt-get install faketime" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '2025-10-09 00:00:00' >"$work/clock"
VALETKEY_HOME="$work/home" TZ=UTC FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD="$lib" \
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" \
    "${VK_TEST_BUILDDIR:-.}/tests/verdicts/play"
