#!/usr/bin/env bash
# Makes the NuGet package in $MO_BUILD/packages/nuget: assemblies, XML documentation, the native library under runtimes/linux-x64/native, the sources.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath -m "${MO_BUILD:-build}")
[[ -e $build/csharp/lib/netcoreapp3.1/Libmo.dll ]] || MO_BUILD=$build bindings/csharp/build.sh
mkdir -p "$build/packages/nuget"
rm -f "$build"/packages/nuget/*.nupkg
python3 packaging/nuget.py "$build" "$build/packages/nuget"
