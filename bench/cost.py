"""What quantizing costs: wall time and peak memory of `mo quantize`, and of ONNX Runtime's and NNCF's own tools on the same samples.

  python bench/cost.py MODELS [--rows 'resnet50 128,llama'] [--no-peers] [--threads 2]      MODELS: the folder that ../shared/bench/make_models.py filled

Every run is a fresh process that gets the samples of ../shared/bench/peers.py; libmo reads them from a folder of one file each, the peers hold them in
memory (77 MB of 128 pictures). A peer is ended at 16 GB or 480 s. Seconds include reading the model and writing the result.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MO = os.path.join(os.environ.get("MO_BUILD", os.path.join(ROOT, "build")), "bin", "mo")
sys.path.insert(0, os.path.join(ROOT, "../shared/bench"))
import peers  # noqa: E402

GPTQ = ["--mode", "weight_only", "--precision", "int4", "--rounding", "gptq", "--block-size", "128"]
ADAROUND = ["--precision", "int4", "--rounding", "adaround"]
# row: (model, samples, options of mo, [(peer, method)])
ROWS = {
    "resnet50 128 percentile": ("resnet50", 128, ["--calibration", "percentile"], [("onnxruntime", "percentile"), ("openvino", "minmax")]),
    "resnet50 128 entropy": ("resnet50", 128, ["--calibration", "entropy"], [("onnxruntime", "entropy")]),
    "resnet50 512 percentile": ("resnet50", 512, ["--calibration", "percentile"], [("openvino", "minmax")]),
    "resnet50 512 entropy": ("resnet50", 512, ["--calibration", "entropy"], []),
    "bert_base 32 default": ("bert_base", 32, [], [("onnxruntime", "minmax"), ("openvino", "minmax")]),
    "mobilenet_v2 128 W4A8 adaround": ("mobilenet_v2", 128, ADAROUND, []),
    "llama_110m 64 int4 gptq": ("llama_110m", 64, GPTQ, [("openvino", "gptq")]),
    "llama_110m 64 int4 default": ("llama_110m", 64, ["--mode", "weight_only", "--precision", "int4"], []),
    "llama_110m 64 int4 adaround": ("llama_110m", 64, [*GPTQ[:4], "--rounding", "adaround", *GPTQ[6:]], []),
}


def measured(command):
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        errors.seek(0)
        if status:
            return {"error": errors.read().decode(errors="replace").strip()[-160:]}
    return {"seconds": seconds, "peak_rss_mb": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime}


def ours(model, spec, samples, options, threads, folder):
    data = os.path.join(folder, "samples")
    os.makedirs(data)
    for i in range(samples):
        np.savez(f"{data}/{i:05}.npz", **peers.feed(spec, 1000 + i))
    return measured([MO, "quantize", model, "--output", os.path.join(folder, "q.onnx"), "--data", data, "--threads", str(threads), "--report-node-errors", "false", *options])


def gptq_of_nncf(model, out, spec, samples):
    import nncf
    import openvino as ov
    data = nncf.Dataset([peers.feed(spec, 1000 + i) for i in range(samples)])
    m = nncf.compress_weights(ov.Core().read_model(model), mode=nncf.CompressWeightsMode.INT4_SYM, group_size=128, gptq=True, dataset=data, subset_size=samples)
    ov.save_model(m, out, compress_to_fp16=False)


def theirs(model, spec, samples, engine, method, folder):
    out = os.path.join(folder, "peer.onnx" if engine == "onnxruntime" else "peer.xml")
    if method == "gptq":
        return measured([sys.executable, os.path.abspath(__file__), "_gptq", json.dumps([model, out, spec, samples])])
    return peers.spawn({"what": "quantize", "engine": engine, "precision": "int8", "model": model, "out": out, "samples": samples, "method": method,
                        "sizes": {}, "spec": spec}, 480, 16)


def show(found):
    if "error" in found or "killed" in found:
        return found.get("error") or f"ended: {found['killed']} ({found['seconds']:.0f} s, {found['peak_rss_mb'] / 1000:.1f} GB)"
    return f"{found['seconds']:.1f} s, {found['peak_rss_mb'] / 1000:.2f} GB" + (f" ({found['cpu']:.0f} s of processor)" if "cpu" in found else "")


def main():
    if sys.argv[1:2] == ["_gptq"]:
        return gptq_of_nncf(*json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models")
    parser.add_argument("--rows", default="", help="comma-separated beginnings of rows; default all")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    print(f"$ python {' '.join(sys.argv)}\n\n| model, samples, method | libmo | peers |\n|---|---|---|")
    for row, (model, samples, options, others) in ROWS.items():
        if a.rows and not any(row.startswith(r) for r in a.rows.split(",")):
            continue
        path = os.path.abspath(f"{a.models}/{model}.onnx")
        spec = peers.input_spec(path, {"N": 1, "S": 128, "P": 128})
        with tempfile.TemporaryDirectory() as folder:
            cells = [show(ours(path, spec, samples, options, a.threads, folder))]
            cells.append("; ".join(f"{'ORT' if e == 'onnxruntime' else 'NNCF'} {m}: {show(theirs(path, spec, samples, e, m, folder))}" for e, m in others if not a.no_peers))
        print(f"| {row} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
