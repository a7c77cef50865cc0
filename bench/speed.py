"""Latency of libmo and ONNX Runtime on the same model, interleaved so that both meet the same clock and neighbours."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort

MO = os.path.join(os.path.dirname(__file__), "..", "build", "bin", "mo")


def shapes_of(pairs):
    return {name: [int(d) for d in dims.split("x")] for name, dims in (p.split("=") for p in pairs)}


def feeds(session, shapes, batch):
    random, out = np.random.default_rng(0), {}
    for i in session.get_inputs():
        shape = shapes.get(i.name) or [d if isinstance(d, int) else (batch if k == 0 else 1) for k, d in enumerate(i.shape)]
        if "float" in i.type:
            out[i.name] = random.standard_normal(shape).astype(np.float32)
        else:  # tokens and masks: small positive integers are legal for both
            out[i.name] = np.ones(shape, {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_}[i.type])
    return out


def time_peer(session, feed, seconds):
    session.run(None, feed)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    return min(times), statistics.median(times)


def time_mo(model, inputs, threads, seconds):
    command = [MO, "benchmark", model, "--inputs", inputs, "--threads", str(threads), "--seconds", str(seconds), "--json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["min_ms"], result["median_ms"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--shape", action="append", default=[])
    a = parser.parse_args()
    print(f"$ python {' '.join(sys.argv)}\n\n| model | ORT min / median ms | libmo min / median ms | ratio min | ratio median |\n|---|---|---|---|---|")
    for model in a.models:
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = a.threads, 1
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feed = feeds(session, shapes_of(a.shape), a.batch)
        inputs = f"/tmp/mo_speed_{os.getpid()}.npz"
        np.savez(inputs, **feed)
        peer, ours = [], []
        for _ in range(a.rounds):
            peer.append(time_peer(session, feed, a.seconds))
            ours.append(time_mo(model, inputs, a.threads, a.seconds))
        os.remove(inputs)
        low, mid = [min(t[0] for t in x) for x in (peer, ours)], [statistics.median(t[1] for t in x) for x in (peer, ours)]
        print(f"| {os.path.basename(model)} | {low[0]:.3f} / {mid[0]:.3f} | {low[1]:.3f} / {mid[1]:.3f} | {low[1] / low[0]:.3f} | {mid[1] / mid[0]:.3f} |", flush=True)


main()
