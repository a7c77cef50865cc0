#!/usr/bin/env bash
# Builds the C# face and runs its tests on Mono (with and without spans) and on CoreCLR; both run the conformance list and the examples too.
# usage: bindings/csharp/test.sh      MO_BUILD names the build; the last line is "N passed, N failed, N skipped"
# With MO_SANITIZED (tests/bindings/sanitized.sh) without what needs a library that does not load, and without the examples.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export MO_BUILD=$(cd "${MO_BUILD:-$root/build}" && pwd)
command -v mcs > /dev/null || { echo "no mcs here"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
out=$MO_BUILD/csharp
passed=0 failed=0 skipped=0

count() { # NAME, output on standard input: adds its last "N passed, N failed"
  local log last
  log=$(cat); last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' <<< "$log" | tail -1)
  echo "  $1: ${last:-died}"
  if [[ -z $last ]]; then failed=$((failed + 1)); else passed=$((passed + ${last%% *})); last=${last#*, }; failed=$((failed + ${last%% *})); fi
  [[ -n $last && ${last%% *} == 0 ]] || head -40 <<< "$log"
}

# a youngest generation of 4 MB, as Mono's: by itself CoreCLR lets it grow to that of the processor's cache, tens of MB, before it collects
dotnet() { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 COMPlus_EnableDiagnostics=0 COMPlus_GCgen0size=400000 "$root/.deps/dotnet/dotnet" "$@"; }

program() { # KIND FOLDER REFERENCES FLAGS SOURCE...: compiles Libmo.Tests.exe and conformance.exe into FOLDER, natives beside them
  local kind=$1; shift
  mkdir -p "$out/test/$kind"
  cp "$out/lib/$kind/Libmo.dll" "$out/test/$kind/"
  local natives=$out/test/$kind; [[ $kind == netstandard2.0 ]] && natives+=/runtimes/linux-x64/native   # both places are to be found
  mkdir -p "$natives"; cp "$out"/native/*.so* "$natives"
  mcs -unsafe -langversion:7.2 -nowarn:1702,1701 -r:"$out/lib/$kind/Libmo.dll" "$@" -out:"$out/test/$kind/Libmo.Tests.exe" "$here"/tests/*.cs &&
    mcs -unsafe -langversion:7.2 -nowarn:1702,1701 -r:"$out/lib/$kind/Libmo.dll" "$@" -out:"$out/test/$kind/conformance.exe" "$here"/conformance/Conformance.cs
}

core_config() { # beside a program that CoreCLR is to run
  local version; version=$(basename "$root"/.deps/dotnet/shared/Microsoft.NETCore.App/*)
  printf '{"runtimeOptions":{"tfm":"netcoreapp3.1","framework":{"name":"Microsoft.NETCore.App","version":"%s"}}}\n' "$version" > "${1%.exe}.runtimeconfig.json"
}

"$here/build.sh" "$out" || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
models=$root/tests/conformance/models
program mono || failed=$((failed + 1))
count "mono" < <(timeout 300 mono "$out/test/mono/Libmo.Tests.exe" "$models" 2>&1)
count "mono, conformance" < <(python3 "$root/tests/conformance/run.py" csharp-mono mono "$out/test/mono/conformance.exe" 2>&1)
program netstandard2.0 -d:LIBMO_NO_SPAN || failed=$((failed + 1))
count "mono, no spans" < <(timeout 300 mono "$out/test/netstandard2.0/Libmo.Tests.exe" "$models" 2>&1)
if [[ -x $root/.deps/dotnet/dotnet ]]; then
  program netcoreapp3.1 -d:CORE $("$here/core_references.sh") || failed=$((failed + 1))
  for exe in Libmo.Tests conformance; do core_config "$out/test/netcoreapp3.1/$exe.exe"; done
  count "coreclr" < <(dotnet "$out/test/netcoreapp3.1/Libmo.Tests.exe" "$models" 2>&1)
  core=$out/test/netcoreapp3.1
  printf '#!/bin/sh\nDOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 COMPlus_EnableDiagnostics=0 exec "%s" "%s" "$@"\n' "$root/.deps/dotnet/dotnet" "$core/conformance.exe" > "$core/conformance"
  chmod +x "$core/conformance"
  count "coreclr, conformance" < <(python3 "$root/tests/conformance/run.py" csharp-coreclr "$core/conformance" 2>&1)
else
  skipped=$((skipped + 1)); echo "  no .deps/dotnet: cmake/deps/dotnet.sh brings it"
fi
mkdir -p "$out/test/bare" && cp "$out"/test/mono/{Libmo.dll,conformance.exe} "$out/test/bare/"
[[ -n ${MO_SANITIZED:-} ]] || count "loading" < <(python3 "$root/tests/bindings/loading.py" csharp mono "$out/test/bare/conformance.exe" 2>&1)
count "mono, quantized as by C" < <(python3 "$root/tests/bindings/same_bytes.py" mono "$out/test/mono/conformance.exe" 2>&1)
[[ ! -x ${core:-none}/conformance ]] || count "coreclr, quantized as by C" < <(python3 "$root/tests/bindings/same_bytes.py" "$core/conformance" 2>&1)
[[ -n ${MO_SANITIZED:-} ]] || count "examples, from the package" < <(python3 "$root/tests/bindings/readme.py" csharp 2>&1)
core_examples() { # as an SDK would build them; HttpListener of .NET Core 3.1 wants an OpenSSL 1, so the service is not among them
  local at p=0 f=0 name; at=$(mktemp -d)
  unzip -q "$MO_BUILD"/packages/nuget/*.nupkg -d "$at/libmo" && cp -r "$at/libmo/lib/netcoreapp3.1/Libmo.dll" "$at/libmo/runtimes" "$root/examples/shapes/shapes.onnx" "$at"
  cd "$at" || return
  for name in "Quantize shapes.onnx small.onnx" "Benchmark small.onnx 0.2" "BatchScore small.onnx 1000"; do
    set -- $name
    mcs -nowarn:1701,1702 $("$here/core_references.sh") -r:Libmo.dll "$root/examples/csharp/$1.cs" -out:"$1.exe" && core_config "$1.exe" && dotnet "$1.exe" "${@:2}" && p=$((p + 1)) || f=$((f + 1))
  done
  echo "$p passed, $f failed"
  rm -rf "$at"
}
[[ ! -x $root/.deps/dotnet/dotnet || -n ${MO_SANITIZED:-} ]] || count "coreclr, examples from the package" < <(core_examples 2>&1)
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
