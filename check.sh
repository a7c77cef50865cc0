#!/usr/bin/env bash
# Builds libmo and runs every check. One line per step; the last line is "N passed, N failed, N skipped".
# usage: ./check.sh [quick | STEP...]      ./check.sh list names the steps, those first that run without being named; logs lie in build/check
set -uo pipefail
cd "$(dirname "$0")"
export MO_BUILD=${MO_BUILD:-$PWD/build} JOBS=${JOBS:-$(nproc)} PYTHONDONTWRITEBYTECODE=1
python=$PWD/.venv/bin/python
logs=$MO_BUILD/check
passed=0 failed=0 skipped=0

# --- the steps ---------------------------------------------------------------------------------------------------------
setup()     { cmake/setup.sh check; }
build()     { cmake -S . -B "$MO_BUILD" -G Ninja && cmake --build "$MO_BUILD" -j "$JOBS" --target all mo_alloc_fail mo_rewrite mo_node_tests &&
              ! grep 'warning:' "$logs/build.log" | grep -v Wrestrict; }   # flags are quickstart's, so that neither undoes the other's build
unit()      { "$MO_BUILD/bin/mo_tests"; }
structure() { "$python" tests/tools/run_python.py tests/tools; }
abi()       { "$python" tests/tools/run_python.py tests/abi; }
python()    { "$python" tests/tools/run_python.py tests --except tests/tools tests/abi tests/package tests/fuzz tests/aarch64; }
package()   { "$python" tests/tools/run_python.py tests/package; }
asan()      { sanitized_build && sanitized_tests && hostile_cases; }
go()        { bindings/go/test.sh; }
java()      { python3 tests/bindings/java.py; }
csharp()    { bindings/csharp/test.sh; }
fuzz()      { "$python" tests/tools/run_python.py tests/fuzz; }
example()   { ./quickstart.sh; }
tsan()      { race_build && race_tests; }
aarch64()   { cmake/setup.sh aarch64 && cross_build && cross_tests; }
sanitized_build() {
  cmake -S . -B "$MO_BUILD-asan" -G Ninja -DMO_SANITIZE=address,undefined &&
  cmake --build "$MO_BUILD-asan" -j "$JOBS" --target mo_tests mo_node_tests
}
sanitized_tests() {   # the real models ran in `python`
  ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
  LSAN_OPTIONS=suppressions="$PWD/tests/tools/lsan.supp" "$MO_BUILD-asan/bin/mo_tests" -tce="shared models*"
}
hostile_cases() {   # every 15th mutation of a node test: about a minute; all of them take a quarter of an hour
  [[ -e $MO_BUILD/node_cases/cases.txt ]] || "$python" tests/tools/node_tests.py "$MO_BUILD/node_cases" || return 1
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2048 UBSAN_OPTIONS=print_stacktrace=1 \
  "$MO_BUILD-asan/bin/mo_node_tests" "$MO_BUILD/node_cases" --mutate --every "${MO_HOSTILE_EVERY:-15}" --jobs "$JOBS" --seconds 60
}
race_build() {   # the rooms whose work is shared out or shared
  cmake -S . -B "$MO_BUILD-tsan" -G Ninja -DMO_SANITIZE=thread "-DMO_TEST_ROOMS=api|base|data|kernels|plan|runtime" &&
  cmake --build "$MO_BUILD-tsan" -j "$JOBS" --target mo_tests
}
race_tests() {   # oneDNN and libgomp are not instrumented: what happens inside them says nothing
  TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0 second_deadlock_stack=1" "$MO_BUILD-tsan/bin/mo_tests" -tce="shared models*"
}
cross_build() {   # everything for 64-bit ARM
  cmake -S . -B "$MO_BUILD-aarch64" -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/aarch64.cmake &&
  cmake --build "$MO_BUILD-aarch64" -j "$JOBS" --target mo mo_cli mo_tests > "$logs/aarch64_build.log" 2>&1 || { tail -40 "$logs/aarch64_build.log"; return 1; }
  ! grep 'warning:' "$logs/aarch64_build.log" | grep -v Wrestrict
}
cross_tests() {   # in the emulator; what calls another program of this machine, and the real models, are left to the comparison after it
  qemu-aarch64-static -L /usr/aarch64-linux-gnu "$MO_BUILD-aarch64/bin/mo_tests" -tce="shared models*" &&
  "$python" tests/tools/run_python.py tests/aarch64
}
all=(setup build unit structure abi python package go csharp java example fuzz asan)
quick=(setup build unit structure abi)
others=(tsan aarch64)   # only by name: docs/decisions.md says why

# --- counting ----------------------------------------------------------------------------------------------------------
# A suite's log holds doctest's summary or a line "N passed, N failed, N skipped"; any other step counts as one check.
tally() { # LOG STATUS -> "passed failed skipped"
  awk -v status="$2" '
    function number(text) { gsub(/[^0-9]/, "", text); return text + 0 }
    /^\[doctest\] test cases:/ { split($0, part, "|"); p += number(part[2]); f += number(part[3]); doctest = 1 }
    /^skipped: /               { left++ }
    /^[0-9]+ passed, [0-9]+ failed/ { lp = $1; lf = $3; ls = ($6 ~ /^skipped/ ? $5 : 0); suite = 1 }
    END { if (doctest) { s += left; p -= left }
          p += lp; f += lf; s += ls
          if (!doctest && !suite) { p = (status == 0); f = (status != 0) } else if (status != 0 && f == 0) f = 1
          print p + 0, f + 0, s + 0 }' "$1"
}

run_step() {
  local name=$1 log=$logs/$1.log start=$SECONDS status=0 p f s word=ok
  ("$name") > "$log" 2>&1 || status=$?
  read -r p f s < <(tally "$log" "$status")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  ((status || f)) && word=FAILED
  printf '%-10s %-6s %4d s   %d passed, %d failed, %d skipped\n' "$name" "$word" $((SECONDS - start)) "$p" "$f" "$s"
  if [[ $word == FAILED ]]; then
    grep -E 'ERROR|FAILED|error:|FAIL:|Error' "$log" | cut -c1-240 | head -30
    echo "  ... the end of $log:"
    tail -15 "$log" | cut -c1-240 | sed 's/^/  | /'
    [[ $name == setup || $name == build ]] && return 1
  fi
  return 0
}

case ${1:-all} in
  list)  printf '%s\n' "${all[@]}" "${others[@]/%/ (only by name)}"; exit 0 ;;
  all)   steps=("${all[@]}") ;;
  quick) steps=("${quick[@]}") ;;
  *)     steps=("$@") ;;
esac
for step in "${steps[@]}"; do
  [[ " ${all[*]} ${others[*]} " == *" $step "* ]] || { echo "no step named $step; ./check.sh list names them" >&2; exit 2; }
done
mkdir -p "$logs"
# The sanitized build takes what the steps between `build` and `asan` leave of the processors: most of them use one.
background=
trap '[[ -z $background ]] || kill -- -"$background" 2> /dev/null' EXIT
for step in "${steps[@]}"; do
  [[ $step == asan && -n $background ]] && { wait "$background"; background=; }   # the step builds again: what failed shows there
  run_step "$step" || break
  if [[ $step == build && " ${steps[*]} " == *" asan "* ]]; then
    set -m; nice -n 19 bash -c "$(declare -f sanitized_build); sanitized_build" > "$logs/asan_build.log" 2>&1 & background=$!; set +m
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
