#!/usr/bin/env bash
# serve.mjs itself: several chains, where their contracts are; and it takes everything with it, however
# it ends. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_chain
start_tools

# children PID: the processes that it started, and so on.
children() {
    local child
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        echo "$child"
        children "$child"
    done
}
all_gone() { for pid in $1; do ! alive "$pid" || return 1; done; }
# Who waits for nobody is a zombie, and gone.
alive() { [ -e "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }

# started COUNT: what serve.mjs has started; that is COUNT processes.
started() {
    local pids
    pids=$(children "$server")
    [ "$(wc -w <<<"$pids")" = "$1" ] || die "it has started: $pids"
    echo "$pids"
}

start_chains --chains 2
pids=$(started 6)
[ "$(jq -c 'map(.chainId)' "$work/chains")" = '[31337,31338]' ] || die "other chains"
[ "$(jq -c 'map(.entryPoints, .kernel, .thirdwebFactories) | unique | length' "$work/chains")" = 3 ] ||
    die "the chains have other addresses"
for index in 0 1; do
    use_chain "$index"
    [ "$(on_chain eth_chainId '[]')" = "0x$(printf %x "$chain_id")" ] || die "another chain"
    for address in $(jq -r '.entryPoints[], .kernel[][], .thirdwebFactories[][]' "$chain"); do
        [ "$(on_chain eth_getCode "[\"$address\",\"latest\"]")" != 0x ] || die "nothing is at $address"
    done
    [ "$(to_bundler eth_supportedEntryPoints '[]' | jq -cS 'map(ascii_downcase) | sort')" = \
        "$(jq -cS '.entryPoints | map(ascii_downcase) | sort' "$chain")" ] || die "the bundler knows others"
done
# Nobody else can reach them.
for url in $(jq -r '.[] | .rpc, .bundler, .paymaster' "$work/chains"); do
    listening=$(awk -v port="$(printf ':%04X' "${url##*:}")" '$2 ~ port"$" && $4 == "0A" { print $2 }' /proc/net/tcp*)
    [ "$listening" = "0100007F$(printf ':%04X' "${url##*:}")" ] || die "$url listens at $listening"
done
kill -KILL "$server"
wait_for all_gone "$pids"
echo "two chains, gone with kill -9"

start_chains --no-bundler
pids=$(started 1)
[ "$(jq 'map(has("bundler"))[0]' "$work/chains")" = false ] || die "there is a bundler"
kill -TERM "$server"
wait "$server" || die "serve.mjs ends with status $?"
all_gone "$pids" || die "it leaves something behind"

# It ends with its parent, and when one of its servers does.
: >"$work/chains"
bash -c 'node "$1/serve.mjs" --no-bundler >"$2/chains" & echo $! >"$2/pid"; sleep 1000' - \
    "$chain_dir" "$work" &
parent=$!
servers+=("$parent")
wait_for test -s "$work/chains"
server=$(cat "$work/pid")
pids="$server $(started 1)"
kill -KILL "$parent"
wait_for all_gone "$pids"
start_chains --no-bundler
kill -KILL "$(started 1)"
! wait "$server" || die "serve.mjs has lost its chain, and says nothing"
grep -q '^serve.mjs: anvil of chain 31337 ended (SIGKILL)' "$work/serve.log" || die "it says: $(cat "$work/serve.log")"

# What is missing is named.
mkdir "$work/elsewhere"
cp "$chain_dir"/*.mjs "$chain_dir/package.json" "$work/elsewhere"
must_fail 'The packages .*@pimlico/alto.* are missing. Run first: npm ' node "$work/elsewhere/serve.mjs"
must_fail '^serve.mjs: usage: ' node "$chain_dir/serve.mjs" --chains none
echo "serve.mjs takes everything with it, and says what is missing"
