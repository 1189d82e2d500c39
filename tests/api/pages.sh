#!/bin/bash
# Every public header has its manual page, with every symbol in it, and man(1) shows all pages
# without a warning.
set -u
command -v man >/dev/null || exit 77
export LC_ALL=C.UTF-8 MANWIDTH=100
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# Overlong words may stand: they are hex and JSON.
show() {
    man --warnings=w -l "$1" 2>&1 >"${1##*/}.text" | grep -v "can't break line" &&
        fail "warnings in $1"
    [ -s "${1##*/}.text" ] || fail "$1 is empty"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
for header in "$VK_TEST_SRCDIR"/include/valetkey/*.h; do
    name=$(basename "$header" .h) page=valetkey
    [ "$name" = valetkey ] || page=valetkey-$name
    show "$VK_TEST_BUILDDIR/doc/man3/$page.3"
    grep -Eq "^ +$page - [A-Z0-9]" "$page.3.text" || fail "$page(3) has no NAME"
    for symbol in $(sed -nE '/VK_API/ s/.*[ *](vk_[a-z0-9_]+)(\(.*|\[.*|;.*)$/\1/p' "$header"); do
        grep -qw "$symbol" "$page.3.text" || fail "$symbol is not in $page(3)"
    done
done
for page in "$VK_TEST_SRCDIR"/doc/*.1; do
    show "$page"
done
echo "$(find . -name '*.text' | wc -l) pages, $failures failures"
[ "$failures" = 0 ]
