"""What 8 bits bring in libmo: each model in float32 and as `mo quantize` makes it (random samples), interleaved. Above 1: int8 is faster.

  python bench/gain.py MODEL.onnx ... [--form int8,int8dyn] [--axis 32]
"""
import argparse
import os
import statistics
import sys
import tempfile

import numpy as np

import models
from worker import Process


def measure(paths, load, rounds, seconds):
    """[(minimum, median)] of each file in ms; paths is [(engine's path)]."""
    processes = [Process() for _ in paths]
    try:
        for p, path in zip(processes, paths):
            p.ask("load", engine="libmo", path=path, **load)
        times = [[] for _ in paths]
        for _ in range(rounds):
            for p, seen in zip(processes, times):
                seen.append(p.ask("run", seconds=seconds)["times"])
        return [(min(map(min, t)), statistics.median(map(statistics.median, t))) for t in times]
    finally:
        for p in processes:
            p.__exit__()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("models", nargs="+")
    p.add_argument("--form", type=lambda s: s.split(","), default=["int8"])
    p.add_argument("--axis", type=int, default=32, help="size of open axes that are not the first")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=0.1)
    a = p.parse_args()
    print(f"$ python bench/gain.py {' '.join(sys.argv[1:])}\n\n| model | | float32 min / median ms | int8 | gain min | median |\n|---|---|---|---|---|---|")
    for model in a.models:
        inputs = models.inputs_of(model)
        names = [d for _, _, dims in inputs for k, d in enumerate(dims) if k > 0 and isinstance(d, str)]
        sizes = {name: a.axis for name in names}
        shapes = models.shapes_of(inputs, sizes)
        with tempfile.TemporaryDirectory() as folder:
            npz = os.path.join(folder, "in.npz")
            np.savez(npz, **models.feed(inputs, shapes))
            for form in a.form:
                try:
                    path = models.own_file(model, form, folder, sizes, tokens=2)
                    f, q = measure([model, path], {"npz": npz, "threads": a.threads, "precision": "fp32", "axes": {}}, a.rounds, a.seconds)
                except RuntimeError as e:
                    print(f"| {models.stem(model)} | {form} | {str(e)[:120]} | | | |", flush=True)
                    continue
                gain = [x / y for x, y in zip(f, q)]
                print(f"| {models.stem(model)} | {form} | {f[0]:.4g} / {f[1]:.4g} | {q[0]:.4g} / {q[1]:.4g} | "
                      + " | ".join(f"**{g:.2f}**" if g < 1 else f"{g:.2f}" for g in gain) + " |", flush=True)


if __name__ == "__main__":
    main()
