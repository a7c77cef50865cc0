#!/usr/bin/env bash
# Times one session run on one element in C, Go and C# (Mono, CoreCLR), in turns so that a busy machine touches all alike.
# usage: bench/bindings/run.sh      after ./check.sh go csharp; MO_BUILD names the build
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${MO_BUILD:-$root/build}" && pwd)
model=$root/tests/conformance/models/add.onnx
work=$build/overhead
mkdir -p "$work/mono" "$work/core"
gcc -O2 -std=c99 -D_POSIX_C_SOURCE=199309L -I"$root/include" "$root/bench/bindings/overhead.c" -o "$work/overhead" -L"$build/lib" -lmo -Wl,-rpath,"$build/lib" -Wl,--allow-shlib-undefined
export PKG_CONFIG_PATH=$build/stage/lib/pkgconfig LD_LIBRARY_PATH=$build/stage/lib
(cd "$root/bindings/go" && go build -o "$work/overhead_go" ./internal/overhead)
cp "$build"/csharp/native/* "$build/csharp/lib/mono/Libmo.dll" "$work/mono/"
cp "$build"/csharp/native/* "$build/csharp/lib/netcoreapp3.1/Libmo.dll" "$work/core/"
mcs -optimize -r:"$work/mono/Libmo.dll" "$root/bench/bindings/Overhead.cs" -out:"$work/mono/Overhead.exe"
mcs -optimize $("$root/bindings/csharp/core_references.sh") -r:"$work/core/Libmo.dll" "$root/bench/bindings/Overhead.cs" -out:"$work/core/Overhead.exe"
cp "$build/csharp/test/netcoreapp3.1/conformance.runtimeconfig.json" "$work/core/Overhead.runtimeconfig.json"
for round in 1 2 3; do
  "$work/overhead" "$model"
  "$work/overhead_go" "$model"
  echo "Mono: $(mono "$work/mono/Overhead.exe" "$model")"
  echo "CoreCLR: $(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$root/.deps/dotnet/dotnet" "$work/core/Overhead.exe" "$model")"
done
