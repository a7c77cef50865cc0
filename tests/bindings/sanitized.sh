#!/usr/bin/env bash
# Runs the tests of a binding with libmo and its native half built by AddressSanitizer and UBSan, inside the language's own runtime.
# usage: tests/bindings/sanitized.sh java|csharp|go     MO_BUILD names the plain build; the sanitized one is MO_BUILD-asan
# A report of a sanitizer is a failure, wherever it was made: reports lie in MO_BUILD-asan/reports. The last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/../.."
language=${1:-}
MO_BUILD=$(realpath -m "${MO_BUILD:-build}")-asan
export MO_BUILD
reports=$MO_BUILD/reports

targets=(mo mo_cli)
case $language in
  java)   tests=(python3 tests/bindings/java.py) targets+=(mo_java) ;;
  csharp) tests=(bindings/csharp/test.sh) ;;
  go)     tests=(bindings/go/test.sh) ;;
  *)      echo "usage: tests/bindings/sanitized.sh java|csharp|go" >&2; exit 2 ;;
esac
mkdir -p "$reports" && rm -f "$reports/$language".*
cmake -S . -B "$MO_BUILD" -G Ninja -DMO_SANITIZE=address,undefined > /dev/null &&
  cmake --build "$MO_BUILD" -j "${JOBS:-$(nproc)}" --target "${targets[@]}" || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

# The run-time is in the process before anything of libmo is (it refuses to come later), libstdc++ too, of which it wraps the exceptions. The signals that
# Java, Mono and CoreCLR turn into exceptions stay theirs; what a runtime never frees at its end is not a leak of libmo's.
sanitizer() {
  local options=log_path=$reports/$language:log_exe_name=1:allocator_may_return_null=1
  env LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so.6)" MO_SANITIZED=1 UBSAN_OPTIONS="print_stacktrace=1:$options" \
    ASAN_OPTIONS="handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:use_sigaltstack=0:detect_leaks=0:$options" "$@"
}

log=$reports/log-$language
sanitizer timeout "${MO_SANITIZED_SECONDS:-1500}" "${tests[@]}" 2>&1 | tee "$log"
read -r passed failed skipped < <(awk '/^[0-9]+ passed, [0-9]+ failed/ { line = $1 " " $3 " " $5 + 0 } END { print line ? line : "0 1 0" }' "$log")
found=("$reports/$language".*)
if [[ -e ${found[0]} ]]; then
  failed=$((failed + ${#found[@]}))
  head -40 "${found[0]}"
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
