# Shared by the tests on a chain. Source it. $VALETKEY_BUILD is the build directory.
# shellcheck shell=bash disable=SC2034,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../clients/lib.sh"

chain_dir=$VALETKEY_BUILD/chain
trap 'finish; wait' EXIT # nothing runs any more when a test has ended

# install_chain: the packages and what runs them, into the build directory; what was compiled stays.
# What is there already is not touched: another test may be running it.
install_chain() {
    local file
    command -v node >/dev/null && command -v npm >/dev/null || not_run "there is no Node.js with npm"
    [ "$(node -p 'process.versions.node.split(".")[0] >= 18')" = true ] ||
        not_run "Node.js $(node --version) is older than 18"
    mkdir -p "$chain_dir/no-sentry"
    for file in "$root"/tests/chain/{*.mjs,*.cjs,package*.json,no-sentry/*}; do
        file=${file#"$root"/tests/chain/}
        cmp -s "$root/tests/chain/$file" "$chain_dir/$file" || cp "$root/tests/chain/$file" "$chain_dir/$file"
    done
    if ! cmp -s "$chain_dir/package-lock.json" "$chain_dir/installed-lock"; then
        (cd "$chain_dir" && must npm ci --ignore-scripts --legacy-peer-deps --prefer-offline --no-audit --no-fund)
        cp "$chain_dir/package-lock.json" "$chain_dir/installed-lock"
    fi
    must node "$chain_dir/compile.mjs"
}

# start_tools: tools.mjs, for try and js.
start_tools() {
    coproc tools { exec node "$chain_dir/tools.mjs"; }
    servers+=("$tools_PID")
    # Those of the coprocess are not for subshells.
    exec {to_tools}>&"${tools[1]}" {from_tools}<&"${tools[0]}"
}

# try NAME ARGUMENT...: a tool of tools.mjs, its result or why it fails.
try() {
    local answer
    jq -cn '$ARGS.positional' --args "$@" >&"$to_tools"
    read -r answer <&"$from_tools" || die "the tools have ended"
    printf '%s\n' "${answer#* }"
    [ "${answer%% *}" = ok ]
}

# js NAME ARGUMENT...: it must not fail.
js() {
    local answer
    answer=$(try "$@") || die "$1: $answer"
    printf '%s\n' "$answer"
}

# start_chains ARGUMENT...: of serve.mjs, process $server. What it prints of chain I is in $work/chain-I.
start_chains() {
    local i
    : >"$work/chains"
    node "$chain_dir/serve.mjs" "$@" >"$work/chains" 2>"$work/serve.log" &
    server=$!
    servers+=("$server")
    for ((i = 0; i < 1500; i++)); do
        [ ! -s "$work/chains" ] || break
        kill -0 "$server" 2>/dev/null || { cat "$work/serve.log" && die "there is no chain"; }
        sleep 0.1
    done
    [ -s "$work/chains" ] || die "the chain does not start"
    for ((i = 0; i < $(jq length "$work/chains"); i++)); do
        jq -c ".[$i]" "$work/chains" >"$work/chain-$i"
    done
    use_chain 0
}

# use_chain I: for what follows.
use_chain() {
    chain=$work/chain-$1
    chain_id=$(jq -r .chainId "$chain")
    rpc=$(jq -r .rpc "$chain")
    bundler=$(jq -r .bundler "$chain")
}

# on_chain METHOD PARAMS, to_bundler METHOD PARAMS: the result; the bundler may refuse.
on_chain() { js ask "$rpc" "$@"; }
to_bundler() { try ask "$bundler" "$@"; }

# called TO DATA: what a contract answers.
called() { on_chain eth_call "[{\"to\":\"$1\",\"data\":\"$2\"},\"latest\"]"; }
balance() { printf '%d\n' "$(on_chain eth_getBalance "[\"$1\",\"latest\"]")"; }

# transact TO DATA: from an account of the chain; it is mined and did not revert.
transact() {
    local hash status
    hash=$(on_chain eth_sendTransaction \
        "[{\"from\":\"$(on_chain eth_accounts '[]' | jq -r '.[5]')\",\"to\":\"$1\",\"data\":\"$2\"}]")
    status=$(on_chain eth_getTransactionReceipt "[\"$hash\"]" | jq -r .status)
    [ "$status" = 0x1 ] || die "the transaction $hash is ${status:-not mined}"
}

# ---- An operation by hand: also one that the command would not send ----

# build_operation VERSION SENDER CALL-DATA [sponsored]: $work/op.json, without a signature, and
# $work/placed.json, which says of which chain and EntryPoint it is.
build_operation() {
    js build "$chain" "$@" >"$work/op.json"
    jq -c --argjson chainId "$chain_id" --argjson entryPoint "$(entry_point "$1")" \
        '{$chainId, $entryPoint, userOp: .}' "$work/op.json" >"$work/placed.json"
}

# set_signature SIGNATURE, set_call_data HEX: of the operation.
set_signature() { edit_operation '.signature = $value' "$1"; }
set_call_data() { edit_operation '.callData = $value' "$1"; }
edit_operation() {
    jq -c --arg value "$2" "$1" "$work/op.json" >"$work/edited.json"
    mv "$work/edited.json" "$work/op.json"
    jq -c --slurpfile op "$work/op.json" '.userOp = $op[0]' "$work/placed.json" >"$work/edited.json"
    mv "$work/edited.json" "$work/placed.json"
}

# send_operation VERSION: to the bundler; its receipt is in $work/receipt.json.
send_operation() {
    local hash i
    to_bundler eth_sendUserOperation "[$(cat "$work/op.json"),$(entry_point "$1")]" >"$work/sent" ||
        die "the bundler refuses: $(cat "$work/sent")"
    hash=$(cat "$work/sent")
    [ "$hash" = "$(js hash "$chain" "$1" "$work/op.json")" ] || die "another hash: $hash"
    for ((i = 0; i < 100; i++)); do
        to_bundler eth_getUserOperationReceipt "[\"$hash\"]" >"$work/receipt.json"
        [ "$(cat "$work/receipt.json")" = null ] || return 0
        sleep 0.1
    done
    die "the operation $hash is not mined"
}

# refuse_operation VERSION WORDS: the bundler refuses it, and the chain with those words. Of a signature
# that is worth nothing, alto has a sentence of its own.
refuse_operation() {
    local words said=$2
    [ "$2" != "AA24 signature error" ] || said="^-32507 .*signature"
    ! to_bundler eth_sendUserOperation "[$(cat "$work/op.json"),$(entry_point "$1")]" >"$work/sent" ||
        die "the bundler takes it: $(cat "$work/sent")"
    grep -q "$said" "$work/sent" || die "the bundler refuses with: $(cat "$work/sent")"
    words=$(js judge "$chain" "$1" "$work/op.json")
    # EntryPoint 0.6 adds what the account said.
    [[ $words == "$2" || $words == "$2: "* ]] || die "the chain says: $words; the token foretold: $2"
    echo "  $words"
}

entry_point() { jq ".entryPoints[\"$1\"]" "$chain"; }
