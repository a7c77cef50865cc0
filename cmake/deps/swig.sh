#!/usr/bin/env bash
# Takes SWIG out of its PyPI wheel into .deps/swig; bin/swig knows where its library files lie. Offline: SWIG_WHEEL=/path/to/the.whl
source "$(dirname "$0")/common.sh"
version=4.5.1
sum=e0cdc78a984dac35aa78091234e5d62909741ec63df6d03b0764075248cb7845   # linux x86-64
lock_deps
is_done swig "$version" && exit 0
scratch
wheel=${SWIG_WHEEL:-}
if [[ -z $wheel ]]; then
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$work" "swig==$version"
  wheel=$(echo "$work"/swig-*.whl)
fi
check_sha256 "$wheel" "$sum"
python3 -m zipfile -e "$wheel" "$work/wheel"
mkdir -p "$work/tree/bin"
mv "$work/wheel/swig/data" "$work/tree/data"
[[ -d $work/wheel/swig.libs ]] && mv "$work/wheel/swig.libs" "$work/tree/swig.libs"
chmod +x "$work/tree/data/bin/swig"
cat > "$work/tree/bin/swig" <<'SH'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/../data
SWIG_LIB=$(echo "$here"/share/swig/*) exec "$here/bin/swig" "$@"
SH
chmod +x "$work/tree/bin/swig"
"$work/tree/bin/swig" -version | grep -q "SWIG Version $version" || { echo "swig $version does not run here" >&2; exit 1; }
publish swig "$version" "$work/tree"
