#!/bin/bash
# The packages that README.md says to install are those that scripts/lib.sh installs for a build, and
# what make check needs beside them; and each library that configure asks for is in one of them.
set -u
. "$VK_TEST_SRCDIR/scripts/lib.sh"
readme=$VK_TEST_SRCDIR/README.md
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# The words of all lines of a command that goes on over several.
told=$(sed -n '/sudo apt-get install/,/[^\\]$/p' "$readme" | tr -d '\\' | sed 's/sudo apt-get install//')
# shellcheck disable=SC2086
wanted=$(printf '%s\n' $build_packages check jq sqlite3 | sort)
# shellcheck disable=SC2086
diff -u --label 'scripts/lib.sh' --label README.md <(echo "$wanted") \
    <(printf '%s\n' $told | sort) || fail "README.md says another list than scripts/lib.sh has"
for name in check sqlite3; do
    [[ " $check_packages " == *" $name "* ]] || fail "$name is not among what scripts/lib.sh installs for make check"
done
[[ " $demo_packages " == *" jq "* ]] || fail "jq is not among what scripts/lib.sh installs"

modules=$(sed -n 's/^PKG_CHECK_MODULES(\[[A-Z0-9]*\], \[\([^] ]*\).*/\1/p' \
    "$VK_TEST_SRCDIR/configure.ac")
[ "$(wc -w <<<"$modules")" -ge 10 ] || fail "configure.ac is read wrongly: $modules"
if ! command -v dpkg-query >/dev/null || ! command -v pkg-config >/dev/null; then
    [ $failures = 0 ] && exit 77
    exit 1
fi
for module in $modules; do
    directory=$(pkg-config --variable=pcfiledir "$module") || fail "there is no $module.pc"
    package=$(dpkg-query -S "$directory/$module.pc" 2>/dev/null) || {
        echo "$module: not from a package"
        continue
    }
    grep -qx "${package%%:*}" <<<"$wanted" ||
        fail "configure wants $module, of ${package%%:*}, which scripts/lib.sh does not install"
done
[ $failures = 0 ]
