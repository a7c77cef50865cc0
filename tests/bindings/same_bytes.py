#!/usr/bin/env python3
"""The model that a binding quantizes is, byte for byte, the one that a C program does. usage: same_bytes.py PROGRAM...

PROGRAM, a command, gets the word "quantize", a model, a data set, the number of samples and the path of the result. Prints "N passed, N failed, N skipped" last.
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
CASES = [("examples/shapes/shapes.onnx", "examples/shapes/calib.yaml", 40), ("../shared/models/mobilenet_v2_224.onnx", "tests/datasets/imagenet500_224_calib.yaml", 8)]


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory(prefix="mo bytes ") as made:
        at = pathlib.Path(made)
        subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include", ROOT / "tests/bindings/quantize.c", "-o", at / "quantize", "-L", BUILD / "lib", "-lmo",
                        f"-Wl,-rpath,{BUILD}/lib", "-Wl,--allow-shlib-undefined"], check=True)
        for model, data, samples in CASES:
            model = ROOT / model
            if not model.exists():
                counts["skipped"] += 1
                print(f"skip   {model.name} is not here")
                continue
            digests, said = [], ""
            for program in [at / "quantize"], [*sys.argv[1:], "quantize"]:
                result = at / "result.onnx"
                done = subprocess.run([*program, model, ROOT / data, str(samples), result], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
                said += done.stdout
                digests.append(hashlib.sha256(result.read_bytes()).hexdigest() if result.exists() else "nothing")
                result.unlink(missing_ok=True)
            same = digests[0] == digests[1] != "nothing"
            counts["passed" if same else "failed"] += 1
            print(f"{'ok    ' if same else 'FAILED'} {model.name}: {digests[0][:16]} from C, {digests[1][:16]} from {pathlib.Path(sys.argv[-1]).name} {said[-1000:]}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
