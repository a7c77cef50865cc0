"""One cell of the table of methods: a model quantized one way by one tool, and what it scores sample by sample. Used by methods.py."""
import hashlib
import os
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = os.environ.get("MO_BUILD", os.path.join(ROOT, "build"))
MO = os.path.join(BUILD, "bin", "mo")
sys.path.insert(0, os.path.join(ROOT, "../shared/bench"))

DATA = "needs data"
INT4 = ["--mode", "weight_only", "--precision", "int4"]
W4A8 = [DATA, "--precision", "int4"]
# kind -> {method: options of `mo quantize`}; fixed here, before anything is scored
OURS = {
    "int8 static": {"default": [DATA]} | {c: [DATA, "--calibration", c] for c in ("minmax", "average", "percentile", "entropy", "mse", "analytic")},
    "int8 dynamic": {"per tensor": ["--mode", "dynamic"], "per token": ["--mode", "dynamic", "--activation-scale", "per_token"]},
    "int8 weights": {"default": ["--mode", "weight_only"]},
    "int4 weights": {"default": INT4, "products alone": INT4 + ["--op-types", "MatMul", "--op-types", "Gemm"], "hqq": INT4 + ["--weight-range", "hqq"], "gptq": [DATA, *INT4, "--rounding", "gptq"],
                     "adaround": [DATA, *INT4, "--rounding", "adaround"], "awq + adaround": [DATA, *INT4, "--corrections", "awq", "--rounding", "adaround"],
                     "awq + gptq": [DATA, *INT4, "--corrections", "awq", "--rounding", "gptq"]},
    "fp16": {"default": ["--precision", "fp16"]},
    "bf16": {"default": ["--precision", "bf16"]},
    "W4A8": {"nearest": W4A8, "gptq": W4A8 + ["--rounding", "gptq"], "adaround": W4A8 + ["--rounding", "adaround"]},
    "mixed int8, int4": {"a fifth of the weights": [DATA, "--precisions", "int8", "--precisions", "int4", "--max-size-ratio", "0.2", "--keep-slower",
                                                    "--timing-seconds", "0.05"]},
}
# kind -> methods of the peers; their own defaults, and those of ../shared/bench/peer_accuracy.py
PEERS = {
    "int8 static": ["ort_minmax", "ort_percentile", "ort_entropy", "ort_products", "nncf"],
    "int8 dynamic": ["ort_dynamic"],
    "int8 weights": ["nncf_weights_int8"],
    "int4 weights": ["ort_int4", "ort_int4_asymmetric", "ort_int4_hqq", "nncf_int4"],
    "fp16": ["ort_fp16"],
}


def mnist():
    import gzip
    import peer_accuracy as peers
    folder = peers.DATA + "/mnist"
    names = sorted(os.listdir(folder))

    def read(word, header):
        name = next(n for n in names if all(w in n for w in word))
        with gzip.open(f"{folder}/{name}") as f:
            return np.frombuffer(f.read(), np.uint8)[header:]
    x = {part: read((part, "images"), 16).reshape(-1, 1, 1, 28, 28).astype(np.float32) for part in ("train", "t10k")}
    return {"Input3": x["train"][:200, 0]}, {"Input3": x["t10k"][:, 0]}, read(("t10k", "labels"), 8).astype(np.int64)


def tasks():
    import peer_accuracy as peers
    return peers.TASKS | {"mnist_cntk": (mnist, "top1", 1), "minilm_sst2_student2": (peers.sst2, "top1", 1)}


def library():
    """What identifies a build: cells of another build are made anew."""
    path = os.path.join(BUILD, "lib/libmo.so")
    if not os.path.exists(path):
        return "none"
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()[:12]


def ours(options, source, out, calibration, folder):
    command = [MO, "quantize", source, "--output", out, "--threads", "1", "--report-node-errors", "false"] + [o for o in options if o != DATA]
    if DATA in options:
        np.savez(folder + "/calibration.npz", **calibration)
        command += ["--data", folder + "/calibration.npz"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr.strip()[:200])


def theirs(method, source, out, calibration, names):
    import onnx
    import peer_accuracy as peers
    if method in ("ort_minmax", "ort_percentile", "ort_entropy", "ort_dynamic", "ort_int4", "nncf"):
        peers.quantize(method, source, out, calibration, names)
    elif method == "ort_products":  # what its documentation advises for transformers: products alone
        import onnxruntime.quantization as q
        count = len(next(iter(calibration.values())))
        feeds = ({k: calibration[k][i:i + 1] for k in names} for i in range(count))
        reader = type("Reader", (q.CalibrationDataReader,), {"get_next": lambda self: next(feeds, None)})()
        q.quantize_static(source, out, reader, quant_format=q.QuantFormat.QDQ, per_channel=True, activation_type=q.QuantType.QUInt8,
                          weight_type=q.QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm", "Conv"])
    elif method.startswith("ort_int4"):
        from onnxruntime.quantization import matmul_nbits_quantizer as n
        config = n.HQQWeightOnlyQuantConfig(block_size=32, bits=4) if method.endswith("hqq") else None
        m = n.MatMulNBitsQuantizer(onnx.load(source), block_size=32, is_symmetric=False, accuracy_level=4, algo_config=config)
        m.process()
        m.model.save_model_to_file(out)
    elif method == "ort_fp16":
        from onnxruntime.transformers.float16 import convert_float_to_float16
        onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), out)
    elif method.startswith("nncf"):
        import nncf
        mode = {"mode": nncf.CompressWeightsMode.INT4_SYM, "group_size": 32} if "int4" in method else {"mode": nncf.CompressWeightsMode.INT8_SYM}
        onnx.save(nncf.compress_weights(onnx.load(source), **mode), out)
    else:
        raise ValueError(method)
    same = {t.name: (t.data_type, len(t.SerializeToString())) for t in onnx.load(source).graph.initializer}
    made = {t.name: (t.data_type, len(t.SerializeToString())) for t in onnx.load(out).graph.initializer}
    if same == made:
        raise RuntimeError("the tool changed nothing")


def exact():
    """Whether ONNX Runtime's 8-bit products are exact here: without VNNI its sums of two uint8 by int8 products saturate at 16 bits."""
    with open("/proc/cpuinfo") as f:
        return "vnni" in f.read()


def outputs(path, test, batch, folder):
    """The first output of every batch: by ONNX Runtime, or by libmo where ONNX Runtime does not compute what the file says (bfloat16; no VNNI)."""
    import onnx
    n, fixed = len(next(iter(test.values()))), next(i for i in onnx.load(path).graph.input if i.name in test).type.tensor_type.shape.dim[0].dim_value
    step = fixed or batch
    feeds = [{k: v[i:i + step] for k, v in test.items()} for i in range(0, n - n % step if fixed else n, step)]
    if "bfloat16" in path or not exact():
        import libmo
        session = libmo.Session(libmo.Library(os.path.join(BUILD, "lib/libmo.so")), path, 1)
        return "libmo", np.concatenate([y.reshape(step, -1) if fixed else y for y in map(session.scores, feeds)]).astype(np.float64)
    import onnxruntime as ort
    ort.set_default_logger_severity(4)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    runs = (session.run(None, f)[0] for f in feeds)
    return "ONNX Runtime", np.concatenate([r.reshape(step, -1) if fixed else r for r in runs]).astype(np.float64)


def shares(y, label, metric):
    """Per sample: the sum of hits or nats, the number of terms, and the best class of each position."""
    label = label[:len(y)]
    if metric == "top1":
        best = y.reshape(len(y), -1).argmax(1)
        return (best == label).astype(float), np.ones(len(y)), best
    y = y - y.max(-1, keepdims=True)
    nll = np.log(np.exp(y).sum(-1)) - np.take_along_axis(y, np.clip(label, 0, y.shape[-1] - 1)[..., None], -1)[..., 0]
    keep = label >= 0
    flat = lambda a: a.reshape(len(a), -1)
    return flat(np.where(keep, nll, 0)).sum(1), flat(keep).sum(1).astype(float), y.argmax(-1)


def cell(task, kind, tool, method, calibration, test, label, names, folder):
    """What is kept of a cell; raises where tool or runtime does not do it."""
    _, metric, batch = tasks()[task]
    source = f"{ROOT}/../shared/models/{task}.onnx"
    out = f"{folder}/{'bfloat16' if kind == 'bf16' else 'q'}.onnx"
    start = time.time()
    if tool == "libmo":
        ours(OURS[kind][method], source, out, calibration, folder)
    elif tool == "peer":
        theirs(method, source, out, calibration, names)
    else:
        out = source
    seconds = time.time() - start
    runtime, y = outputs(out, test, batch, folder)
    sums, weights, best = shares(y, label, metric)
    return {"seconds": round(seconds, 1), "bytes": os.path.getsize(out), "runtime": runtime, "sums": [round(float(s), 7) for s in sums],
            "weights": [int(w) for w in weights], "best": best.ravel().tolist()}
