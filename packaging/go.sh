#!/usr/bin/env bash
# Makes the Go module in $MO_BUILD/packages/go, laid out as a module proxy: GOPROXY=file://THAT/FOLDER go get libmo.ai/libmo@vVERSION
# The module has no native library in it: a program loads the installed one when it starts.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath -m "${MO_BUILD:-build}")
version=v$(sed -nE 's/^project\(.*VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
to=$build/packages/go/libmo.ai/libmo/@v
rm -rf "$build/packages/go" && mkdir -p "$to"
cp bindings/go/go.mod "$to/$version.mod"
printf '{"Version":"%s"}\n' "$version" > "$to/$version.info"
echo "$version" > "$to/list"
python3 - "$to/$version.zip" "libmo.ai/libmo@$version" <<'PY'
import pathlib, subprocess, sys, zipfile
listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "bindings/go"], text=True).splitlines()
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as package:
    for name in sorted(listed) + ["LICENSE"]:
        inside = name.removeprefix("bindings/go/")
        if not inside.endswith(".sh"):
            entry = zipfile.ZipInfo(f"{sys.argv[2]}/{inside}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, pathlib.Path(name).read_bytes())
PY
ls "$to"
