"""Load time and peak resident memory of a fresh process: libmo and ONNX Runtime, one thread, session made and run once."""
import json
import os
import subprocess
import sys

MO = os.path.join(os.path.dirname(__file__), "..", "build", "bin", "mo")
PEER = """
import resource, sys, time
import numpy as np, onnxruntime as ort
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
o = ort.SessionOptions(); o.intra_op_num_threads = 1
t = time.perf_counter(); s = ort.InferenceSession(sys.argv[1], o, providers=["CPUExecutionProvider"]); load = time.perf_counter() - t
feed = {i.name: np.ones([d if isinstance(d, int) else 1 for d in i.shape], np.float32 if "float" in i.type else np.int64) for i in s.get_inputs()}
s.run(None, feed)
print(load * 1e3, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, base / 1024)
"""


def main():
    print(f"$ python {' '.join(sys.argv)}\n\n| model | MB | ORT load ms / peak MB (of it the interpreter) | libmo load ms / first run ms / peak MB |\n|---|---|---|---|")
    for model in sys.argv[1:]:
        load, peak, base = map(float, subprocess.run([sys.executable, "-c", PEER, model], check=True, capture_output=True, text=True).stdout.split())
        ours = json.loads(subprocess.run([MO, "benchmark", model, "--runs", "1", "--warmup", "0", "--json"], check=True, capture_output=True, text=True).stdout)
        print(f"| {os.path.basename(model)} | {os.path.getsize(model) / 1e6:.0f} | {load:.0f} / {peak:.0f} ({base:.0f}) | {ours['load_ms']:.0f} / {ours.get('first_run_ms', 0):.0f} / {ours['peak_rss_mb']:.0f} |", flush=True)


main()
