# Shared by the dependency scripts: where things go, stamps, and a lock so that two runs never fill .deps at once.
set -euo pipefail
machine=${MO_MACHINE:-$(uname -m)}   # what is built for; another machine's files lie in .deps/MACHINE and come from cmake/MACHINE.cmake's compilers
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cross=()
[[ $machine == "$(uname -m)" ]] || cross=("-DCMAKE_TOOLCHAIN_FILE=$project/cmake/$machine.cmake")
deps_dir=${MO_DEPS_DIR:-$project/.deps${cross:+/$machine}}
mkdir -p "$deps_dir"
deps_dir=$(cd "$deps_dir" && pwd -P)
jobs=${JOBS:-$(nproc)}

lock_deps() {   # held until the script ends
  exec 9>"$deps_dir/.lock"
  flock 9
}

is_done() { [[ -e $deps_dir/$1/.stamp && $(<"$deps_dir/$1/.stamp") == "$2" ]]; }

# publish NAME STAMP TREE: puts a finished tree in place of the old one in one rename.
publish() {
  printf '%s\n' "$2" > "$3/.stamp"
  rm -rf "${deps_dir:?}/$1.old"
  [[ -e $deps_dir/$1 ]] && mv "$deps_dir/$1" "$deps_dir/$1.old"
  mv "$3" "$deps_dir/$1"
  rm -rf "$deps_dir/$1.old"
}

scratch() {     # a work folder inside .deps, so that publish is a rename; removed at exit
  work=$(mktemp -d "$deps_dir/.work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
}

check_sha256() { # FILE SUM
  echo "$2  $1" | sha256sum -c --quiet - || { echo "checksum of $(basename "$1") differs from the pinned one" >&2; exit 1; }
}
