#!/usr/bin/env bash
# Takes the ONNX schema (onnx-ml.proto) out of the PyPI wheel of onnx 1.23.2 into .deps/onnx-proto.
source "$(dirname "$0")/common.sh"
version=1.23.2
sum=8f39d0a1ae1abef5ca648922cdb06716d6bd1573c9e972b42854c16e9e352c16
lock_deps
is_done onnx-proto "$version" && exit 0
scratch
python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux2014_x86_64 -d "$work" "onnx==$version"
mkdir -p "$work/tree/onnx"
python3 - "$work"/onnx-*.whl "$work/tree/onnx/onnx-ml.proto" <<'PY'
import sys, zipfile
open(sys.argv[2], "wb").write(zipfile.ZipFile(sys.argv[1]).read("onnx/onnx-ml.proto"))
PY
check_sha256 "$work/tree/onnx/onnx-ml.proto" "$sum"
publish onnx-proto "$version" "$work/tree"
