"""What each way of quantizing costs on the real models of ../shared, on the samples and with the scores that its peer_accuracy.py uses for the peers.

  python bench/methods.py [task ...] [--methods static,dynamic,...]      one table row per task and method; scored by ONNX Runtime
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MO = os.path.join(os.environ.get("MO_BUILD", os.path.join(ROOT, "build")), "bin", "mo")
sys.path.insert(0, os.path.join(ROOT, "../shared/bench"))
import onnxruntime as ort  # noqa: E402
import peer_accuracy as peers  # noqa: E402

DATA = "needs data"
METHODS = {
    "static": [DATA], "static mse + bias": [DATA, "--calibration", "mse", "--corrections", "bias_correction"], "static percentile": [DATA, "--calibration", "percentile"],
    "static entropy": [DATA, "--calibration", "entropy"], "static analytic": [DATA, "--calibration", "analytic"], "smoothquant": [DATA, "--corrections", "smoothquant"],
    "dynamic": ["--mode", "dynamic"], "dynamic per token": ["--mode", "dynamic", "--activation-scale", "per_token"], "weights int8": ["--mode", "weight_only"],
    "int4": ["--mode", "weight_only", "--precision", "int4"], "int4 hqq": ["--mode", "weight_only", "--precision", "int4", "--weight-range", "hqq"],
    "int4 gptq": [DATA, "--mode", "weight_only", "--precision", "int4", "--rounding", "gptq"], "int4 awq": [DATA, "--mode", "weight_only", "--precision", "int4", "--corrections", "awq"],
    "W4A8 nearest": [DATA, "--precision", "int4", "--weight-range", "minmax"],
    "W4A8 adaround + bias": [DATA, "--precision", "int4", "--weight-range", "minmax", "--rounding", "adaround", "--corrections", "bias_correction"],
    "fp16": ["--precision", "fp16"],
}


def agreement(a, b, inputs):
    def labels(path):
        session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [i.name for i in session.get_inputs()]
        n = len(next(iter(inputs.values())))
        fixed = session.get_inputs()[0].shape[0]
        step = fixed if isinstance(fixed, int) else 50
        whole = n - n % step if isinstance(fixed, int) else n
        return np.concatenate([session.run(None, {k: inputs[k][i:i + step] for k in names})[0].argmax(-1).ravel() for i in range(0, whole, step)])
    return 100 * float((labels(a) == labels(b)).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--methods", default=",".join(METHODS))
    a = parser.parse_args()
    print("| task | method | score | agreement with float % | bytes |\n|---|---|---|---|---|")
    for task in a.tasks or peers.TASKS:
        load, metric, batch = peers.TASKS[task]
        source = f"{peers.MODELS}/{task}.onnx"
        calibration, test, labels = load()
        names = [i.name for i in ort.InferenceSession(source).get_inputs()]
        if len(names) == 1:
            calibration, test = ({names[0]: next(iter(d.values()))} for d in (calibration, test))
        print(f"| {task} | float32 | {peers.score(source, test, labels, metric, batch):.4f} | | {os.path.getsize(source)} |", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            samples, out = os.path.join(folder, "calibration.npz"), os.path.join(folder, "q.onnx")
            np.savez(samples, **calibration)
            for method in a.methods.split(","):
                options = [o for o in METHODS[method] if o != DATA]
                data = ["--data", samples] if DATA in METHODS[method] else []
                run = subprocess.run([MO, "quantize", source, "--output", out, *data, *options, "--report-node-errors", "false"], capture_output=True, text=True)
                if run.returncode:
                    print(f"| {task} | {method} | {run.stderr.strip()[:120]} | | |", flush=True)
                    continue
                print(f"| {task} | {method} | {peers.score(out, test, labels, metric, batch):.4f} | {agreement(source, out, test):.2f} | {os.path.getsize(out)} |", flush=True)


main()
