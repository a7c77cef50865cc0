#!/usr/bin/env bash
# What a session run on one element costs in C, Java, C# (Mono, CoreCLR) and Go, and what it allocates. Languages that are not built are left out.
# usage: bench/bindings/run.sh [ROUNDS]      after packaging/java.sh and bindings/csharp/build.sh; MO_BUILD names the build
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/bench/bindings
build=$(cd "${MO_BUILD:-$root/build}" && pwd)
model=$root/tests/conformance/models/add.onnx
work=$build/overhead
mkdir -p "$work/mono" "$work/core"

gcc -O2 -std=gnu99 -fno-builtin -I"$root/include" "$here/overhead.c" -o "$work/overhead" -L"$build/lib" -lmo -Wl,-rpath,"$build/lib" -Wl,--allow-shlib-undefined
programs=("C=$work/overhead $model")
jar=$(ls "$build"/packages/java/libmo-*-all.jar 2> /dev/null) &&
  programs+=("Java=java -cp $jar $here/Overhead.java $model")
if [[ -e $build/csharp/lib/mono/Libmo.dll ]]; then
  cp "$build"/csharp/native/* "$build/csharp/lib/mono/Libmo.dll" "$work/mono/"
  mcs -optimize -r:"$work/mono/Libmo.dll" "$here/Overhead.cs" -out:"$work/mono/Overhead.exe"
  programs+=("Mono=mono $work/mono/Overhead.exe $model")
fi
if [[ -e $build/csharp/lib/netcoreapp3.1/Libmo.dll ]]; then
  cp "$build"/csharp/native/* "$build/csharp/lib/netcoreapp3.1/Libmo.dll" "$work/core/"
  mcs -optimize $("$root/bindings/csharp/core_references.sh") -r:"$work/core/Libmo.dll" "$here/Overhead.cs" -out:"$work/core/Overhead.exe"
  version=$(basename "$root"/.deps/dotnet/shared/Microsoft.NETCore.App/*)
  printf '{"runtimeOptions":{"tfm":"netcoreapp3.1","framework":{"name":"Microsoft.NETCore.App","version":"%s"}}}\n' "$version" > "$work/core/Overhead.runtimeconfig.json"
  programs+=("CoreCLR=env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 $root/.deps/dotnet/dotnet $work/core/Overhead.exe $model")
fi
if command -v go > /dev/null; then
  cmake --install "$build" --prefix "$build/stage" > /dev/null
  export PKG_CONFIG_PATH=$build/stage/lib/pkgconfig LD_LIBRARY_PATH=$build/stage/lib
  (cd "$root/bindings/go" && go build -o "$work/overhead_go" ./internal/overhead)
  programs+=("Go=$work/overhead_go $model")
fi
python3 "$here/overhead.py" "${1:-60}" "${programs[@]}"
