#!/usr/bin/env bash
# The packages of the tests on a chain, into $VALETKEY_BUILD: once, before tests that run side by side.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
install_chain
