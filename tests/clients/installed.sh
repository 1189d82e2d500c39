#!/usr/bin/env bash
# make install into a temporary prefix, then use it from there: the library through pkg-config, the
# module, the command, the manual page. Argument: the build directory.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
make -s -C "$1" install DESTDIR="$prefix" >/dev/null 2>&1
lib=$prefix/usr/local/lib
for file in "$lib/pkcs11/valetkey-pkcs11.so" "$lib/libvaletkey.so" "$lib/pkgconfig/valetkey.pc" \
    "$prefix/usr/local/bin/valetkey" "$prefix/usr/local/include/valetkey/valetkey.h" \
    "$prefix/usr/local/share/p11-kit/modules/valetkey.module" \
    "$prefix/usr/local/share/man/man1/valetkey.1" \
    "$prefix/usr/local/share/man/man1/valetkey-batch.1" \
    "$prefix/usr/local/share/man/man3/valetkey.3" \
    "$prefix/usr/local/share/man/man3/valetkey-userop.3" \
    "$prefix/usr/local/share/bash-completion/completions/valetkey"; do
    [ -e "$file" ] || die "make install did not install ${file#"$prefix"}"
done

exported=$(nm -D --defined-only "$lib/pkcs11/valetkey-pkcs11.so" | awk '{print $3}' | sort | xargs)
[ "$exported" = "C_GetFunctionList C_GetInterface C_GetInterfaceList" ] ||
    die "the module exports $exported"
nm -D --defined-only "$lib/libvaletkey.so" | awk '$2 != "A" {print $3}' | grep -v '^vk_' &&
    die "libvaletkey exports other names than vk_*"

cat >"$prefix/use.c" <<'EOF'
#include <stdio.h>
#include <valetkey/valetkey.h>
int main(void) {
    vk_hash hash = vk_keccak256((vk_bytes){0});
    printf("%02x%02x\n", hash.b[0], hash.b[1]);
    return 0;
}
EOF
flags=$(PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$prefix \
    pkg-config --define-variable=prefix=/usr/local --cflags --libs valetkey)
# shellcheck disable=SC2086
gcc "$prefix/use.c" -o "$prefix/use" $flags
[ "$(LD_LIBRARY_PATH=$lib "$prefix/use")" = c5d2 ] || die "the installed library does not work"

# shellcheck disable=SC2086
gcc -std=c11 "$root/doc/examples/session.c" -o "$prefix/session" $flags
LD_LIBRARY_PATH=$lib "$prefix/session" | diff -u "$root/doc/examples/session.expected" - ||
    die "the example does not work with the installed library"
# shellcheck disable=SC2046,SC2086
gcc -std=c11 "$root"/doc/examples/bot.c "$root"/doc/examples/bot-token.c "$root"/doc/examples/bot-servers.c \
    -o "$prefix/bot" $flags $(pkg-config --cflags --libs p11-kit-1 libcurl libcjson)
LD_LIBRARY_PATH=$lib "$prefix/bot" && die "the bot works without being told anything"

grep -qx 'module: /usr/local/lib/pkcs11/valetkey-pkcs11.so' \
    "$prefix/usr/local/share/p11-kit/modules/valetkey.module" ||
    die "the p11-kit module file does not name the installed module"

VALETKEY_HOME=$prefix/home VALETKEY_ANCHOR_DIR=$prefix/anchors "$prefix/usr/local/bin/valetkey" \
    --module "$lib/pkcs11/valetkey-pkcs11.so" token list >/dev/null
echo "the installed files work"
