#!/usr/bin/env bash
# Prints the compiler options that make mcs compile against .NET Core's own assemblies (.deps/dotnet) instead of Mono's.
set -euo pipefail
shared=$(echo "$(cd "$(dirname "$0")/../.." && pwd)"/.deps/dotnet/shared/Microsoft.NETCore.App/*)
echo -nostdlib -noconfig
for dll in "$shared"/System.*.dll "$shared"/Microsoft.Win32.*.dll; do
  case $(basename "$dll") in
    *Native*) ;;
    *) echo "-r:$dll" ;;
  esac
done
