#!/usr/bin/env bash
# From a trained model to a small, fast and measured one, in the commands that a user would type.
# usage: examples/shapes/run.sh [OUT]      (MO=path/to/mo; OUT gets the int8 model, default: a folder beside the build)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${MO_BUILD:-$here/../../build}
MO=${MO:-$build/bin/mo}
out=${1:-$build/shapes}
[[ -x $MO ]] || { echo "no program at $MO: run ./quickstart.sh first, or set MO" >&2; exit 1; }
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$here"

step() {  # step TITLE ARGUMENTS…: says what happens and the command that does it
  printf '\n\033[1m%s\033[0m\n$ mo %s\n' "$1" "${*:2}"
  "$MO" "${@:2}"
}

fp32=shapes.onnx
int8=$out/shapes_int8.onnx
step "What is in the model" describe "$fp32"
step "How good it is: 1,000 pictures it has never seen" evaluate "$fp32" --data test.yaml --metric top1
step "To int8, calibrated on 200 other pictures" quantize "$fp32" --output "$int8" --data calib.yaml
step "What that cost" evaluate "$int8" --data test.yaml --metric top1
step "How fast: float" benchmark "$fp32" --threads 1 --seconds 2
step "How fast: int8" benchmark "$int8" --threads 1 --seconds 2
step "Side by side" compare "$fp32" "$int8" --data test.yaml
printf '\nThe int8 model is %s, standard ONNX; score.py beside this script runs it in ONNX Runtime.\n' "$int8"
