#!/bin/bash
# libvaletkey.so exports what the public headers declare with VK_API, and nothing else.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# The names that declarations with VK_API introduce: comments dropped, one declaration a line.
cat "$VK_TEST_SRCDIR"/include/valetkey/*.h | grep -v '^#' | tr '\n' ' ' |
    sed 's:/\*:\n&:g; s:\*/:&\n:g' | grep -v '^/\*' | tr -d '\n' | tr ';{}' '\n\n\n' |
    sed -nE '/VK_API/ { s/.*VK_API//; s/__attribute__ *\(\([^)]*\)*//g; s/[[(].*//; s/.*[ *]([a-z0-9_]+) *$/\1/p }' |
    sort >"$work/declared"
nm -D --defined-only "$VK_TEST_BUILDDIR/.libs/libvaletkey.so" | awk '$2 != "A" { print $3 }' |
    sed 's/@.*//' | sort >"$work/exported"

count=$(wc -l <"$work/declared")
if ! [ "$count" -gt 100 ]; then
    echo "FAILED: only $count declarations were found"
    exit 1
fi
diff -u --label declared --label exported "$work/declared" "$work/exported" || exit 1
echo "$count symbols"
