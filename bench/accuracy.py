"""Quantizes with mo and scores float and int8 in libmo, ONNX Runtime and OpenVINO on the same arrays (pictures decoded once, by Pillow)."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

MO = os.path.join(os.path.dirname(__file__), "..", "build", "bin", "mo")
SAMPLES = os.path.join(os.path.dirname(__file__), "..", "tests", "tools")


def mo(*args):
    return json.loads(subprocess.run([MO, *args, "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)


def load_samples(path):
    """An .npz, or pictures of a data set .yaml decoded and prepared as lib/data does (only the keys our data sets use)."""
    if path.endswith(".npz"):
        data = dict(np.load(path))
        return {k: v for k, v in data.items() if k != "label"}, data["label"]
    sys.path.insert(0, SAMPLES)
    import yaml_pictures
    return yaml_pictures.load(path)


def score(run, inputs, labels, batch):
    hits = 0
    for i in range(0, len(labels), batch):
        hits += int((run({k: v[i:i + batch] for k, v in inputs.items()}).reshape(len(labels[i:i + batch]), -1).argmax(1) == labels[i:i + batch]).sum())
    return hits / len(labels)


def peers(model, inputs, labels, batch):
    import onnxruntime as ort
    import openvino as ov
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    types = {i.name: np.float32 if "float" in i.type else np.int64 for i in session.get_inputs()}
    name = session.get_inputs()[0].name
    if list(inputs) != list(types) and len(inputs) == 1:
        inputs = {name: next(iter(inputs.values()))}
    inputs = {k: v.astype(types[k]) for k, v in inputs.items() if k in types}
    yield "ONNX Runtime", score(lambda f: session.run(None, f)[0], inputs, labels, batch)
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    yield "OpenVINO", score(lambda f: compiled(f)[0], inputs, labels, batch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--calib", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--metric", default="top1")
    parser.add_argument("--method", default="percentile")
    parser.add_argument("--samples", default="-1")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--skip", default="0", help="samples of --test left out at the start (those calibrated on)")
    a = parser.parse_args()
    print(f"$ python {' '.join(sys.argv)}\n\n| file | bytes | libmo | ONNX Runtime | OpenVINO |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        quantized = os.path.join(folder, "int8.onnx")
        subprocess.run([MO, "quantize", a.model, "--output", quantized, "--data", a.calib, "--samples", a.samples, "--calibration", a.method, "--threads", "1",
                        "--json"], check=True, stdout=subprocess.DEVNULL)
        inputs, labels = load_samples(a.test)
        skip = int(a.skip)
        inputs, labels = {k: v[skip:] for k, v in inputs.items()}, labels[skip:]
        arrays = os.path.join(folder, "test.npz")
        np.savez(arrays, label=labels, **inputs)
        for name, file in (("float32", a.model), ("int8 " + a.method, quantized)):
            ours = mo("evaluate", file, "--data", arrays, "--metric", a.metric, "--batch-size", str(a.batch), "--threads", "1")
            theirs = dict(peers(file, inputs, labels, a.batch))
            print(f"| {name} | {os.path.getsize(file)} | {100 * ours['value']:.2f} | " + " | ".join(f"{100 * v:.2f}" for v in theirs.values()) + " |", flush=True)


main()
