#!/usr/bin/env bash
# Builds the C# face: the native half libmo_csharp.so and Libmo.dll three times, with Mono's mcs.
# usage: bindings/csharp/build.sh [OUT]      MO_BUILD names the build; OUT is BUILD/csharp by default
#   OUT/native                 libmo_csharp.so with libmo.so.1 and libdnnl.so.3 beside it
#   OUT/lib/netstandard2.0     no spans; for Mono, .NET Framework and everything else
#   OUT/lib/netcoreapp3.1      all of it, for .NET Core 3.1 and later
#   OUT/lib/mono               all of it, against Mono's own library (for the tests on Mono)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${MO_BUILD:-$root/build}" && pwd)
out=${1:-$build/csharp}
mkdir -p "$out/native" "$out/generated" "$out/downlevel" "$out"/lib/{netstandard2.0,netcoreapp3.1,mono}
out=$(cd "$out" && pwd)
deps=$root/.deps

# what is generated
cd "$root/bindings"
"${SWIG:-$deps/swig/bin/swig}" -Wall -Werror -csharp -c++ -namespace Libmo -dllimport mo_csharp -DSWIG_CSHARP_NO_EXCEPTION_HELPER \
  -DSWIG_CSHARP_NO_STRING_HELPER -DSWIG_CSHARP_NO_IMCLASS_STATIC_CONSTRUCTOR -I../include -I. -outdir "$out/generated" -o "$out/generated/mo_csharp.cpp" mo.i
PYTHONDONTWRITEBYTECODE=1 python3 options/csharp.py "$build/bin/mo" > "$out/generated/Options.Generated.cs"

# the native half
map=$out/generated/exports.map
echo '{ global: CSharp_Libmo_*; local: *; };' > "$map"
runtime=(-O2 -static-libgcc -static-libstdc++)
[[ -z ${MO_SANITIZED:-} ]] || runtime=(-O1 -g1 -fsanitize=address,undefined)   # tests/bindings/sanitized.sh
g++ "${runtime[@]}" -std=c++17 -shared -fPIC -fvisibility=hidden -I"$root/include" "$out/generated/mo_csharp.cpp" -o "$out/native/libmo_csharp.so" \
  -Wl,-soname,libmo_csharp.so -Wl,--version-script="$map" -Wl,-z,defs -L"$build/lib" -lmo \
  -Wl,--allow-shlib-undefined '-Wl,-rpath,$ORIGIN' -Wl,--enable-new-dtags
strip --strip-unneeded "$out/native/libmo_csharp.so"
cp -L "$build/lib/libmo.so.1" "$deps/onednn/lib/libdnnl.so.3" "$out/native/"

# the managed half
rm -f "$out"/downlevel/*.cs
python3 "$here/downlevel.py" "$out/downlevel" "$here"/src/*.cs "$out"/generated/*.cs
version=$("$build/bin/mo" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1)
printf '[assembly: System.Reflection.AssemblyVersion("%s.0")]\n' "$version" > "$out/downlevel/Version.cs"
common=(-target:library -unsafe -langversion:7.2 -warnaserror -nowarn:1702,1701,1607 -optimize "$out"/downlevel/*.cs)
mcs "${common[@]}" -doc:"$out/lib/mono/Libmo.xml" -out:"$out/lib/mono/Libmo.dll"
mcs "${common[@]}" -d:LIBMO_NO_SPAN -doc:"$out/lib/netstandard2.0/Libmo.xml" -out:"$out/lib/netstandard2.0/Libmo.dll"
if [[ -d $deps/dotnet/shared ]]; then
  mcs "${common[@]}" $("$here/core_references.sh") -doc:"$out/lib/netcoreapp3.1/Libmo.xml" -out:"$out/lib/netcoreapp3.1/Libmo.dll"
fi
