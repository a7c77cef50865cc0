"""The models of the speed table: their inputs, the files of each precision, and how libmo's own files are made."""
import glob
import os
import subprocess
import tempfile

import numpy as np
import onnx

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MO = os.environ.get("MO_PROGRAM") or os.path.join(ROOT, "build", "bin", "mo")

# row: title, file, sizes of the free axes beside the batch N
ROWS = {
    "resnet50": ("ResNet-50", "resnet50", {}),
    "mobilenet_v2": ("MobileNetV2", "mobilenet_v2", {}),
    "squeezenet1_1": ("SqueezeNet 1.1", "squeezenet1_1", {}),
    "bert_base": ("BERT-base s128", "bert_base", {"S": 128}),
    "distilbert_base": ("DistilBERT s128", "distilbert_base", {"S": 128}),
    "vit_b16": ("ViT-B/16", "vit_b16", {}),
    "lstm_2x512": ("LSTM 2×512", "lstm_2x512", {"S": 128}),
    "llama_prefill": ("Llama 110M prefill s128", "llama_110m", {"S": 128}),
    "llama_decode": ("Llama 110M decode", "llama_110m_decode", {"S": 1, "P": 128}),
}
DTYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
# What each engine may use for a precision, best guess first; "mode" is how libmo's own file is made.
FORMS = {"int8": {"onnxruntime": ("int8", "int8dyn"), "openvino": ("int8",), "libmo": ("int8", "int8dyn")},
         "int4": {"onnxruntime": ("int4",), "openvino": ("int4",), "libmo": ("int4",)}}
MAKE = {"int8": ("--mode", "static"), "int8dyn": ("--mode", "dynamic"), "int4": ("--mode", "weight_only", "--precision", "int4", "--block-size", "128", "--activation-type", "int8")}


def precisions(row):
    return ["fp32", "bf16", "int8"] + (["int4"] if row.startswith("llama") else [])


def inputs_of(path):
    """[(name, dtype, [size or name])] of a model's inputs that have no default."""
    graph = onnx.load(path, load_external_data=False).graph
    fixed = {t.name for t in graph.initializer}
    return [(i.name, DTYPES[i.type.tensor_type.elem_type], [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim])
            for i in graph.input if i.name not in fixed]


def shapes_of(inputs, sizes, given=()):
    """Shape of each input: `given` (NAME=1x3x224x224) wins, then the sizes of named axes, then 1."""
    given = {name: [int(d) for d in dims.split("x")] for name, dims in (g.split("=") for g in given)}
    return {name: given.get(name) or [d if isinstance(d, int) and d > 0 else sizes.get(d, 1) for d in dims] for name, _, dims in inputs}


def axes_of(inputs, shapes):
    return {d: shapes[name][k] for name, _, dims in inputs for k, d in enumerate(dims) if isinstance(d, str)}


def feed(inputs, shapes, seed=0, tokens=2):
    """One seeded input: ones for masks, token numbers below `tokens`, pictures with large features, noise."""
    random, out = np.random.default_rng(seed), {}
    for name, dtype, _ in inputs:
        shape = shapes[name]
        if not np.issubdtype(dtype, np.floating):
            out[name] = np.ones(shape, dtype) if "mask" in name or dtype is np.bool_ else random.integers(0, tokens, shape).astype(dtype)
            continue
        x = random.standard_normal(shape, dtype=np.float32)
        if len(shape) == 4 and shape[1] == 3 and shape[2] % 32 == 0 and shape[3] % 32 == 0:
            x = 0.3 * x + random.standard_normal((shape[0], 3, shape[2] // 32, shape[3] // 32)).repeat(32, 2).repeat(32, 3)
        out[name] = x.astype(dtype)
    return out


def own_file(model, form, folder, sizes, samples=16, tokens=30000):
    """libmo's file of a model, made by `mo quantize` on first use."""
    out = os.path.join(folder, f"{stem(model)}.libmo.{form}.onnx")
    if os.path.exists(out) and os.path.getmtime(out) > os.path.getmtime(model):
        return out
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        command = [MO, "quantize", model, "--output", out, "--report-node-errors", "false", *MAKE[form]]
        if form == "int8":
            inputs = inputs_of(model)
            shapes = shapes_of(inputs, {**sizes, "N": 1})
            for k in range(samples):
                np.savez(os.path.join(data, f"{k:03}.npz"), **feed(inputs, shapes, 1000 + k, tokens))
            command += ["--data", data]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"status {done.returncode}")
    return out


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def files(engine, precision, model, cache, own, sizes):
    """[(label, path)] that `engine` may run for `precision`: several where its tools make several, the fastest of which counts."""
    if precision == "fp32":
        return [("", model)]
    if precision == "bf16":
        return [("", model)] if engine != "onnxruntime" else []
    if engine == "libmo":
        made = []
        for form in FORMS[precision][engine]:
            try:
                made.append((form, own_file(model, form, own, sizes)))
            except RuntimeError as e:
                made.append((f"{form}, quantizing: {e}", None))
        return made
    found = []
    for form in FORMS[precision][engine]:
        for path in sorted(glob.glob(os.path.join(cache, f"{stem(model)}.{engine}.{form}_*.*"))):
            if path.endswith((".onnx", ".xml")):
                found.append((form, path))
                break
    if found:
        return found
    return [("libmo's " + form, own_file(model, form, own, sizes)) for form in FORMS[precision]["libmo"][:1]]
