#!/usr/bin/env bash
# From a bare Debian 12 to a quantized model: sets up, builds mo and libmo.so, then walks through the example.
# usage: ./quickstart.sh      (MO_BUILD=folder builds elsewhere)
set -euo pipefail
cd "$(dirname "$0")"
export MO_BUILD=${MO_BUILD:-$PWD/build}
log=$MO_BUILD/quickstart.log
mkdir -p "$MO_BUILD"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
quietly() { "$@" > "$log" 2>&1 || { tail -30 "$log" >&2; echo "stopped at: $* (all of it in $log)" >&2; exit 1; }; }

say "1. Dependencies"
cmake/setup.sh build
say "2. Build"
quietly cmake -S . -B "$MO_BUILD" -G Ninja
quietly cmake --build "$MO_BUILD" -j "${JOBS:-$(nproc)}" --target mo_cli
echo "built ${MO_BUILD#"$PWD"/}/bin/mo"
say "3. The example"
export MO=$MO_BUILD/bin/mo
exec examples/shapes/run.sh
