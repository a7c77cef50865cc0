#!/usr/bin/env bash
# Takes the .NET Core runtime 3.1 out of its PyPI wheel into .deps/dotnet: a real CoreCLR for the tests of the C# face. Offline: DOTNET_WHEEL=/path/to/the.whl
source "$(dirname "$0")/common.sh"
version=3.1.23
sum=5f076ddc39da0c685e7de20ecb91ee81185928918ec86fbeb3bffc55dd867ab5   # linux x86-64
lock_deps
is_done dotnet "$version" && exit 0
scratch
wheel=${DOTNET_WHEEL:-}
if [[ -z $wheel ]]; then
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$work" "dotnetcore2==$version"
  wheel=$(echo "$work"/dotnetcore2-*.whl)
fi
check_sha256 "$wheel" "$sum"
python3 -m zipfile -e "$wheel" "$work/wheel"
mv "$work/wheel/dotnetcore2/bin" "$work/tree"
chmod +x "$work/tree/dotnet"
"$work/tree/dotnet" --list-runtimes | grep -q "Microsoft.NETCore.App $version" || { echo "the .NET Core runtime $version does not run here" >&2; exit 1; }
publish dotnet "$version" "$work/tree"
