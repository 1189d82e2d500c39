#!/usr/bin/env bash
# What the number of keys on a token costs: a token with ten keys and one with N, made with
# "valetkey key create --count", side by side; SoftHSM2 beside them where it is installed, with a
# tenth of N, at most 1000. Fails if memory, or what is found, depends on the keys that nobody
# touched; times are printed and decide nothing.
#
# Usage: scale.sh [N]: 100000.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

many=${1:-100000}
few=10
[ $# -gt 1 ] || [ "$many" -lt $few ] && die "Usage: scale.sh [N], at least $few"
build_dir=${VALETKEY_BUILD:-$root/build/scale}
softhsm=/usr/lib/softhsm/libsofthsm2.so
softhsm_most=1000

# shellcheck disable=SC2086
install_packages $build_packages
bootstrap
build "$build_dir"
make -s -C "$build_dir" bench/scale valetkey valetkey-pkcs11.la

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077
printf '%s\n' 12345678 >pin
export VALETKEY_ANCHOR_DIR=$work/anchors
module=$build_dir/.libs/valetkey-pkcs11.so

valetkey() {
    VALETKEY_MODULE=$module "$build_dir/valetkey" "$@" --pin-file pin >/dev/null
}

# valetkey_with N: a token in a home of its own, half of its keys on P-256.
valetkey_with() {
    local half=$(($1 / 2))
    export VALETKEY_HOME=$work/home-$1
    VALETKEY_MODULE=$module "$build_dir/valetkey" token init --label scale --so-pin-file pin \
        --pin-file pin --default-policy sudo >/dev/null
    valetkey key create --label key --count $half
    valetkey key create --label key --count $(($1 - half)) --start $((half + 1)) --type p256
    valetkey approve --label key-1 --chain-id 1 --kernel-version 0.3.1 --pre-installed --lint off \
        --account 0x1111111111111111111111111111111111111111
    "$build_dir/bench/scale" "$module" scale 12345678 key "$1"
}

# softhsm_with N: keys on P-256 made one by one, as it has no other way.
softhsm_with() {
    export SOFTHSM2_CONF=$work/softhsm.conf
    mkdir softhsm
    echo "directories.tokendir = $work/softhsm" >softhsm.conf
    softhsm2-util --init-token --free --label scale --so-pin 12345678 --pin 12345678 >/dev/null
    "$build_dir/bench/scale" --make "$softhsm" scale 12345678 key "$1"
    "$build_dir/bench/scale" "$softhsm" scale 12345678 key "$1"
}

# value FILE NAME: a figure, whole.
value() {
    awk -F '\t' -v name="$2" '$1 == name { printf "%d", $2 }' "$1"
}

# at_most FILE NAME MOST
at_most() {
    local got
    got=$(value "$1" "$2")
    [ "$got" -le "$3" ] || die "$2 is $got, not at most $3"
}

valetkey_with $few >few.tsv
valetkey_with "$many" >many.tsv
files="few.tsv many.tsv"
heads="$few keys,$many keys"
if [ -f "$softhsm" ]; then
    softhsm_count=$((many / 10 < softhsm_most ? many / 10 : softhsm_most))
    softhsm_with $softhsm_count >softhsm.tsv
    files="$files softhsm.tsv"
    heads="$heads,SoftHSM2: $softhsm_count"
fi

# shellcheck disable=SC2086
awk -F '\t' -v heads="$heads" '
    FNR == 1 { file++ }
    !($1 in seen) { seen[$1] = ++names; name[names] = $1 }
    { value[$1, file] = $2 }
    END {
        count = split(heads, head, ",")
        printf "%-36s", ""
        for (i = 1; i <= count; i++) printf " %16s", head[i]
        printf "\n"
        for (n = 1; n <= names; n++) {
            printf "%-36s", name[n]
            for (i = 1; i <= count; i++) printf " %16s", (name[n], i) in value ? value[name[n], i] : "-"
            printf "\n"
        }
    }' $files
du -sh "$work/home-$many" | awk '{ printf "%-36s %16s %16s\n", "on disk", "", $1 }'

# A key has three objects, its policy among them; the grant of one has two more, at most.
found=$(value many.tsv "objects listed")
[ "$found" -ge $((3 * many)) ] && [ "$found" -le $((3 * many + 2)) ] ||
    die "$found objects are listed of $many keys"
[ -n "$(value many.tsv 'find by account, ms')" ] || die "no key is found by its account"
# What a process has of keys that it did not touch is nothing; one megabyte is SQLite's to choose.
for what in "memory after C_Login, kB" "memory after one signature, kB"; do
    at_most many.tsv "$what" $(($(value few.tsv "$what") + 1024))
done
at_most many.tsv "memory of an object listed, bytes" 1023
