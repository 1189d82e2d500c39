#!/usr/bin/env bash
# What the library makes per second beside viem and the ZeroDev SDK in Node, in one run: installs,
# builds, checks that both make the same bytes, then lets them take turns. Medians and ratios; exit
# status 0 if everything ran and the bytes agreed, whatever the ratios.
#
# Usage: bench.sh [ROUNDS [SECONDS_PER_SLICE]]
set -euo pipefail
. "$(dirname "$0")/lib.sh"

rounds=${1:-9}
seconds=${2:-0.5}
build_dir=${VALETKEY_BUILD:-$root/build/bench}
node_dir=$build_dir/bench/node

# shellcheck disable=SC2086
install_packages $build_packages check
# Node from elsewhere comes with npm and conflicts with Debian's.
command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] || die "Node $(node --version) is older than 18."

say "Building bench/data in ${build_dir#"$root"/}"
bootstrap
build "$build_dir"
make -s -C "$build_dir" bench/data

say "npm ci in ${node_dir#"$root"/}"
mkdir -p "$node_dir"
cp "$root"/bench/node/{package.json,package-lock.json,data.mjs} "$node_dir"
(cd "$node_dir" && npm ci --ignore-scripts --no-audit --no-fund)

library() { VK_TEST_SRCDIR=$root "$build_dir/bench/data" -m "$@"; }
packages() { node "$node_dir/data.mjs" "$root/tests/vectors/session/ecdsa.json" "$@"; }

say "$rounds rounds of $seconds s for each, Node $(node --version)"
rates=$build_dir/bench/rates.tsv
: >"$rates"
for ((i = 0; i < rounds; i++)); do
    library 1 "$seconds" | sed 's/^/library\t/' >>"$rates"
    packages 1 "$seconds" | sed 's/^/packages\t/' >>"$rates"
done

awk -F '\t' '
function median(key,    i, j, n, v, x) {
    n = counts[key]
    for (i = 1; i <= n; i++) {
        x = values[key, i]
        for (j = i; j > 1 && v[j - 1] > x; j--) v[j] = v[j - 1]
        v[j] = x
    }
    return v[int((n + 1) / 2)]
}
function note(key, value) { values[key, ++counts[key]] = value + 0 }
BEGIN {
    aims["UserOperation hash"] = "15x"
    aims["enable data"] = aims["permission id"] = aims["serialized account"] = "50x"
}
$2 == "peak memory" {
    if ($4 > peak) peak = $4
    if ($4 - $3 > growth) growth = $4 - $3
    next
}
$1 == "library" && !(("library", $2) in seen) { seen["library", $2]; names[++measures] = $2 }
$1 == "library" && $4 > 0 { note("ceiling" $2, $4) }
{ note($1 $2, $3) }
END {
    line = "%-22s %12s %14s %8s %6s %19s\n"
    printf line, "what", "valetkey /s", "viem, SDK /s", "ratio", "aim", "primitives alone /s"
    for (i = 1; i <= measures; i++) {
        name = names[i]
        ours = median("library" name)
        theirs = median("packages" name)
        if (theirs <= 0) exit 1
        ceiling = counts["ceiling" name] ? sprintf("%.0f", median("ceiling" name)) : "-"
        printf line, name, sprintf("%.0f", ours), sprintf("%.0f", theirs),
            sprintf("%.1fx", ours / theirs), name in aims ? aims[name] : "-", ceiling
    }
    printf "\nPeak memory of bench/data: %d kB, %d kB of it while it measured.\n", peak, growth
}' "$rates"
