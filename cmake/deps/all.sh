#!/usr/bin/env bash
# Fills .deps with every dependency that Debian does not offer in a usable form; quick when nothing is missing.
# MO_MACHINE=aarch64 fills .deps/aarch64 for a cross build, with the Debian packages of that architecture too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/onednn.sh"
"$here/onnx_proto.sh"
"$here/debian_source.sh"
[[ ${MO_MACHINE:-$(uname -m)} == "$(uname -m)" ]] || "$here/debian_packages.sh"
