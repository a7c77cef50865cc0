"""Wall time and peak memory of `mo quantize` on made-up pictures held as uint8 in one .npz."""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

MO = os.path.join(os.path.dirname(__file__), "..", "build", "bin", "mo")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--input", default="input")
    parser.add_argument("--shape", default="3x224x224")
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--method", default="percentile,entropy")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    print(f"$ python {' '.join(sys.argv)}\n\n| model | samples | method | seconds | peak MB (the samples are {a.samples * np.prod([int(d) for d in a.shape.split('x')]) / 1e6:.0f}) |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data.npz")
        np.savez(data, **{a.input: np.random.default_rng(0).integers(0, 256, (a.samples, *map(int, a.shape.split("x"))), np.uint8)})
        for method in a.method.split(","):
            start = time.perf_counter()
            child = subprocess.Popen([MO, "quantize", a.model, "--output", os.path.join(folder, "q.onnx"), "--data", data, "--calibration", method, "--threads", str(a.threads)], stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            if status:
                sys.exit("mo quantize did not succeed")
            print(f"| {os.path.basename(a.model)} | {a.samples} | {method} | {time.perf_counter() - start:.1f} | {usage.ru_maxrss / 1024:.0f} |", flush=True)


main()
