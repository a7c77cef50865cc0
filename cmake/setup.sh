#!/usr/bin/env bash
# Makes a bare Debian 12 ready: packages of cmake/deps/apt.txt that are missing, then .deps; "check" adds the .venv of the tests.
# "aarch64" makes it ready to build for that machine instead: cross compiler, emulator, .deps/aarch64.
# usage: cmake/setup.sh [build|check|aarch64]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
kind=${1:-build}

missing_packages() {
  local group=build names p
  [[ $kind == build ]] || group="build|$kind"
  names=$(sed -nE "s/^($group) //p" "$root/cmake/deps/apt.txt")
  for p in $names; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null) == installed ]] || echo "$p"
  done
}

if command -v dpkg-query > /dev/null; then
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]})); then
    as_root=()
    if ((EUID != 0)); then
      command -v sudo > /dev/null || { echo "as root, please: apt-get install ${missing[*]}" >&2; exit 1; }
      as_root=(sudo)
    fi
    echo "installing ${#missing[@]} packages: ${missing[*]}"
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
  fi
else
  echo "not a Debian system: the packages of cmake/deps/apt.txt are taken to be there" >&2
fi

[[ $kind != aarch64 ]] || export MO_MACHINE=aarch64
"$root/cmake/deps/all.sh"

if [[ $kind == check ]]; then
  "$root/cmake/deps/swig.sh"
  "$root/cmake/deps/dotnet.sh"
  list=$root/tests/tools/requirements.txt
  stamp=$(sha256sum < "$list")
  exec 8>"$root/.deps/.venv-lock"; flock 8
  if [[ ! -e $root/.venv/.stamp || $(<"$root/.venv/.stamp") != "$stamp" ]]; then
    python3 -m venv --clear "$root/.venv"
    "$root/.venv/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r "$list"
    echo "$stamp" > "$root/.venv/.stamp"
  fi
fi
