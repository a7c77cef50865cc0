#!/usr/bin/env bash
# Fills .deps with every dependency that Debian does not offer in a usable form; quick when nothing is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/onednn.sh"
"$here/onnx_proto.sh"
"$here/debian_source.sh"
