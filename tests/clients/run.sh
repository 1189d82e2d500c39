#!/usr/bin/env bash
# Runs the test of every client, two at a time, and prints a line for each: its version, how it went,
# how long it took; then how many passed and how many did not run. Exit status 0 only if none failed.
# With names as arguments, only those. $VALETKEY_BUILD is the build directory.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"
# shellcheck disable=SC2086
install_packages $demo_packages $client_packages
command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm

# What is tested, and the package or command that says in which version. The slowest come first.
clients="java:openjdk-17-jdk-headless node:node pkcs11-tool:opensc zerodev:chromium
    chromium:chromium p11-kit-server:p11-kit p11-kit:p11-kit security-key:opensc
    pykcs11:python3-pykcs11 openssl-engine:libengine-pkcs11-openssl pkcs11-spy:opensc
    ssh:openssh-client p11tool:gnutls-bin nss:libnss3-tools pkcs11-provider:pkcs11-provider"
logs=$VALETKEY_BUILD/clients
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.line

version_of() {
    case $1 in
    node)
        echo "pkcs11js $(jq -r '.packages["node_modules/pkcs11js"].version' "$here/package-lock.json"), node $(node --version)"
        ;;
    *) dpkg-query -W -f '${Package} ${Version}' "$1" 2>/dev/null || echo "$1: none" ;;
    esac
}

# run NAME VERSION: its line goes to a file of its own, with the exit status in front.
run() {
    local started status=0
    started=$(date +%s)
    timeout -k 5 240 "$here/$1.sh" >"$logs/$1.log" 2>&1 </dev/null || status=$?
    printf '%s %s\n' "$status" "$1 ($2): $(($(date +%s) - started)) s" >"$logs/$1.line"
}

# report NAME: counts it.
report() {
    local status text
    read -r status text <"$logs/$1.line"
    case $status in
    0)
        echo "ok       $text"
        passed=$((passed + 1))
        ;;
    77)
        echo "NOT RUN  $text: $(sed -n 's/^NOT RUN: //p' "$logs/$1.log")"
        not_run=$((not_run + 1))
        ;;
    *)
        echo "FAILED   $text"
        tail -n 30 "$logs/$1.log"
        failed=$((failed + 1))
        ;;
    esac
}

names=()
for name in "$@"; do
    [[ " $clients" == *" $name:"* ]] || die "no such client: $name"
done
for client in $clients; do
    name=${client%%:*}
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    names+=("$name")
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n || true
    done
    run "$name" "$(version_of "${client#*:}")" &
done
wait
passed=0 not_run=0 failed=0
for name in "${names[@]}"; do
    report "$name"
done
printf '# PASS: %s\n# NOT RUN: %s\n' "$passed" "$not_run"
[ "$failed" = 0 ] || die "$failed of ${#names[@]} clients failed; see $logs"
