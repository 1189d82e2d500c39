#!/usr/bin/env bash
# run.sh ORACLE-DIRECTORY [STEPS [SEED [OUT.json]]]: random and hostile cases on a chain and through
# valetkey batch; see differential.mjs. VALETKEY is the command (default: build/gcc/valetkey).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
oracle=${1:?usage: run.sh ORACLE-DIRECTORY [STEPS [SEED [OUT.json]]]}
shift
valetkey=${VALETKEY:-$here/../../build/gcc/valetkey}
# The packages are the oracle's: Node finds them from a folder inside it.
mkdir -p "$oracle/.differential"
cp "$here"/*.mjs "$oracle/.differential/"
exec node "$oracle/.differential/differential.mjs" "$oracle" "$valetkey" "${@:-20000}"
