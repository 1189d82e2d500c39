#!/usr/bin/env bash
# Runs the test of every client, two at a time, and prints a line for each: its version, how it went,
# how long it took; then how many passed and how many did not run. Exit status 0 only if none failed.
# With names as arguments, only those. $VALETKEY_BUILD is the build directory.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib.sh"
. "$root/scripts/runner.sh"
# shellcheck disable=SC2086
install_packages $demo_packages $client_packages
install_node

# What is tested, and the package or command that says in which version. The slowest come first.
clients="java:openjdk-17-jdk-headless node:node viem:viem pkcs11-tool:opensc zerodev:chromium
    chromium:chromium p11-kit-server:p11-kit p11-kit:p11-kit security-key:opensc
    pykcs11:python3-pykcs11 openssl-engine:libengine-pkcs11-openssl pkcs11-spy:opensc
    ssh:openssh-client p11tool:gnutls-bin nss:libnss3-tools pkcs11-provider:pkcs11-provider"
start_runner "$VALETKEY_BUILD/clients"

version_of() {
    case $1 in
    node)
        echo "pkcs11js $(jq -r '.packages["node_modules/pkcs11js"].version' "$here/package-lock.json"), node $(node --version)"
        ;;
    viem)
        jq -r '.packages | "viem \(."node_modules/viem".version), @zerodev/sdk \(."node_modules/@zerodev/sdk".version)"' \
            "$root/doc/examples/viem/package-lock.json"
        ;;
    *) dpkg-query -W -f '${Package} ${Version}' "$1" 2>/dev/null || echo "$1: none" ;;
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
    run_script "$here/$name.sh" "$(version_of "${client#*:}")" &
done
wait
for name in "${names[@]}"; do
    report_script "$name"
done
finish_runner clients
