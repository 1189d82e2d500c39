#!/bin/bash
# Every public header compiles alone, as C11 and as C++17, without warnings; and valetkey.h includes
# every one of them, but for the Cryptoki extensions.
set -u
include=$VK_TEST_SRCDIR/include
cc=${CC:-cc} cxx=${CXX:-g++}
p11_kit=$(${PKG_CONFIG:-pkg-config} --cflags p11-kit-1)
failures=0 count=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# alone HEADER LANGUAGE COMPILER...: with a declaration behind it, as one header has macros only.
alone() {
    local header=$1 language=$2
    shift 2
    # shellcheck disable=SC2086
    printf '#include <valetkey/%s>\nextern int vk_alone;\n' "$header" |
        "$@" -x "$language" -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I"$include" $p11_kit - ||
        fail "$header does not compile alone as $language"
}

for path in "$include"/valetkey/*.h; do
    header=${path##*/}
    # shellcheck disable=SC2086
    alone "$header" c $cc -std=c11
    # shellcheck disable=SC2086
    alone "$header" c++ $cxx -std=c++17
    case $header in
    pkcs11.h | valetkey.h) ;;
    *) grep -qx "#include <valetkey/$header>" "$include/valetkey/valetkey.h" ||
        fail "valetkey.h does not include $header" ;;
    esac
    count=$((count + 1))
done
[ "$count" -ge 13 ] || fail "only $count headers were found"
echo "$count headers compiled, $failures failures"
[ "$failures" = 0 ]
