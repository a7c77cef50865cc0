#!/usr/bin/env bash
# Checks the Go module against a build: generated files are current, gofmt, vet, tests plain, under the race detector and with cgo's pointer checks.
# usage: bindings/go/test.sh      MO_BUILD names the build; the last line is "N passed, N failed, N skipped"
# With MO_SANITIZED (tests/bindings/sanitized.sh) the tests run once, with what cgo compiles built by AddressSanitizer too, and the examples do not.
set -uo pipefail
cd "$(dirname "$0")"
build=$(cd "${MO_BUILD:-../../build}" && pwd)
stage=$build/stage
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PKG_CONFIG_PATH=$stage/lib/pkgconfig LD_LIBRARY_PATH=$stage/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} GOFLAGS=-mod=mod GOTOOLCHAIN=local
if [[ -n ${MO_SANITIZED:-} ]]; then # compilers do without the run-time; what they build with -asan brings it, programs in C need it
  preload=$LD_PRELOAD GOFLAGS="$GOFLAGS -asan"
  unset LD_PRELOAD
fi
passed=0 failed=0

check() { # NAME COMMAND...
  local name=$1; shift
  if "$@" > "$scratch/log" 2>&1; then
    passed=$((passed + 1)); echo "ok: $name"
  else
    failed=$((failed + 1)); echo "FAILED: $name"; head -60 "$scratch/log"
  fi
}

tests() { # NAME VARIABLE=VALUE: counts each test; flags=-race adds the detector
  local name=$1; shift
  env "$@" go test -count=1 -v ${flags:-} ./... > "$scratch/log" 2>&1
  local status=$? p f
  p=$(grep -c '^ *--- PASS' "$scratch/log"); f=$(grep -c '^ *--- FAIL' "$scratch/log")
  ((status != 0 && f == 0)) && f=1
  passed=$((passed + p)) failed=$((failed + f))
  echo "$name: $p passed, $f failed"
  ((f)) && grep -vE '^(=== RUN|--- PASS|ok)' "$scratch/log" | head -60
  return 0
}

same_as_committed() {
  ./generate.sh "$build/bin/mo" "$scratch/new" &&
    for file in internal/native/{native.go,mo_wrap.cxx,mo_generated.h,functions_generated.h} options_generated.go; do
      diff -q "$file" "$scratch/new/$file" || { diff "$file" "$scratch/new/$file" | head -20; echo "bindings/go/generate.sh writes it anew"; return 1; }
    done
}
formatted() { local odd; odd=$(gofmt -l .); [[ -z $odd ]] || { echo "gofmt would change: $odd"; false; }; }

go list . > /dev/null 2>&1 || { echo "no Go here, or one older than go.mod says"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
cmake --install "$build" --prefix "$stage" > /dev/null || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
check "generated files are current" same_as_committed
check "gofmt" formatted
check "go vet" go vet ./...
if [[ -n ${MO_SANITIZED:-} ]]; then
  tests "  AddressSanitizer, leaks too" ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=1"
else
  tests "  tests" A=
  flags=-race tests "  race detector" A=
  tests "  cgo pointer checks" GOEXPERIMENT=cgocheck2
  check "linked by pkg-config" go test -count=1 -tags libmo_linked -run 'Example|Library' .
fi
count() { # NAME COMMAND...: adds the "N passed, N failed" that a program prints last
  local name=$1 last; shift
  last=$(LD_PRELOAD=${preload:-} "$@" 2>&1 | tee "$scratch/log" | tail -1)
  echo "  $name: ${last:-died}"
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
    ((BASH_REMATCH[2] == 0)) || head -30 "$scratch/log"
  else
    failed=$((failed + 1)); head -30 "$scratch/log"
  fi
}
go build -o "$scratch/conformance" ./internal/conformance
count "conformance" python3 ../../tests/conformance/run.py go "$scratch/conformance"
count "quantized as by C" python3 ../../tests/bindings/same_bytes.py "$scratch/conformance"
if [[ -z ${MO_SANITIZED:-} ]]; then
  count "loading" python3 ../../tests/bindings/loading.py go "$scratch/conformance"
  count "examples, from the package" python3 ../../tests/bindings/readme.py go
fi
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
