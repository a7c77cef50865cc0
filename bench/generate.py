"""Text generation with a growing cache: every step's `present` outputs are the next step's `past` inputs, so that each step has another shape.

  python bench/generate.py --models DIR [--precision fp32,int8dyn,int4] [--from 16] [--to 144] [--times 5] [--threads 1]
  python bench/generate.py --model DECODER.onnx

libmo, ONNX Runtime and OpenVINO in turn, each in a process of its own kept warm, from the first length to the last again and again. A step is one token;
tokens are not looked at (no sampling). Milliseconds a token: of each length the least and the median over the times, then their mean over the lengths.
The first time, in which nothing is known of any length, is told apart; `fixed` is what the same step costs on the last length run again and again.
"""
import argparse
import contextlib
import os
import statistics
import sys

import models
from worker import Process

SHORT = {"libmo": "libmo", "onnxruntime": "ORT", "openvino": "OV"}


def files(engine, precision, model, folder, sizes):
    """What `engine` runs: of its own tool where DIR has it, else libmo's."""
    if precision == "fp32":
        return model
    found = [path for form, path in models.files(engine, "int4" if precision == "int4" else "int8", model, os.path.join(folder, "peers_cache"),
                                                 os.path.join(folder, "libmo_cache"), sizes) if form == precision and path]
    return found[0] if found else None


def measure(processes, times, first, last):
    seen = {engine: [] for engine in processes}
    for _ in range(times):
        for engine, process in processes.items():
            seen[engine].append(process.ask("generate", first=first, last=last)["ms"])
    return seen


def summary(runs, fixed):
    """Of runs [time][length] in ms: first time, least, median, tokens a second by median."""
    lengths = list(zip(*runs[1:] or runs))
    least, median = statistics.fmean(map(min, lengths)), statistics.fmean(map(statistics.median, lengths))
    return {"first": statistics.fmean(runs[0]), "least": least, "median": median, "tokens": 1e3 / median, "fixed": fixed}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--models")
    p.add_argument("--model")
    p.add_argument("--precision", type=lambda s: s.split(","), default=["fp32", "int8dyn", "int4"])
    p.add_argument("--engines", type=lambda s: s.split(","), default=list(SHORT))
    p.add_argument("--from", dest="first", type=int, default=16)
    p.add_argument("--to", dest="last", type=int, default=144)
    p.add_argument("--times", type=int, default=5)
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    if bool(a.models) == bool(a.model):
        p.error("give --models or --model")
    _, name, sizes = models.ROWS["llama_decode"]
    model = a.model or os.path.join(a.models, name + ".onnx")
    precisions = ["fp32"] if a.model else a.precision
    print(f"$ python bench/generate.py {' '.join(sys.argv[1:])}\n\n| | engine | ms a token: least | median | first time | tokens/s | fixed length |\n|---|---|---|---|---|---|---|")
    for precision in precisions:
        with contextlib.ExitStack() as stack:
            processes = {}
            for engine in a.engines:
                path = files(engine, precision, model, os.path.dirname(os.path.abspath(model)), sizes)
                if not path:
                    continue
                process = stack.enter_context(Process())
                try:
                    process.ask("load_decoder", engine=engine, path=path, model=model, threads=a.threads)
                    process.ask("generate", first=a.first, last=a.first + 1)
                    processes[engine] = process
                except RuntimeError as e:
                    print(f"| {precision} | {SHORT[engine]} | fails: {e} | | | | |", flush=True)
            seen = measure(processes, a.times, a.first, a.last)
            for engine, process in processes.items():
                fixed = min(process.ask("generate", first=a.last - 1, last=a.last, again=20)["ms"])
                s = summary(seen[engine], fixed)
                print(f"| {precision} | {SHORT[engine]} | {s['least']:.2f} | {s['median']:.2f} | {s['first']:.2f} | {s['tokens']:.0f} | {s['fixed']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
