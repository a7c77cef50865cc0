"""Load time and peak resident memory of fresh processes, libmo and its peers; or memory after many cycles of loading, running and freeing.

  python bench/load.py --models DIR [--row resnet50,bert_base,llama_prefill] [--precision fp32,int8] [--times 3]
  python bench/load.py --model FILE.onnx [--shape input=1x3x224x224]
  python bench/load.py --model FILE.onnx --cycles 1000
  python bench/load.py --models DIR --cache      beside them libmo with a cache_folder that an earlier session has filled

Load: reading the file and making the session for fixed shapes, then the first run. Peak: of the process from before loading to after the first run,
less what it held before (interpreter, libraries). Of several times the least counts; files are in the page cache.
"""
import argparse
import os
import sys
import tempfile

import numpy as np

import models
from worker import Process

ENGINES = (("libmo", "libmo"), ("onnxruntime", "ORT"), ("openvino", "OV"))


def once(engine, path, load):
    """One fresh process; `engine` may be "libmo+cache"."""
    engine, _, cache = engine.partition("+")
    load = dict(load, cache=load["cache"] if cache else "")
    with Process() as process:
        loaded = process.ask("load", engine=engine, path=path, **load)
        peak = process.ask("memory")["peak_mb"]
    return loaded["load_ms"], loaded["first_ms"], peak - loaded["import_mb"], loaded["import_mb"]


def row_text(engine, path, load, times):
    if path is None:
        return "fails"
    try:
        seen = [once(engine, path, load) for _ in range(times)]
    except RuntimeError as e:
        return f"fails: {e}"
    return f"{min(s[0] for s in seen):.0f} + {min(s[1] for s in seen):.0f} / {min(s[2] for s in seen):.0f} (+ {seen[0][3]:.0f})"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--models")
    p.add_argument("--model")
    p.add_argument("--row", type=lambda s: s.split(","), default=["resnet50", "bert_base", "llama_prefill"])
    p.add_argument("--precision", type=lambda s: s.split(","), default=["fp32", "int8"])
    p.add_argument("--shape", action="append", default=[])
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--times", type=int, default=3)
    p.add_argument("--cycles", type=int)
    p.add_argument("--cache", action="store_true")
    a = p.parse_args()
    if bool(a.models) == bool(a.model):
        p.error("give --models or --model")
    rows = [(models.stem(a.model), a.model, {}, ["fp32"])] if a.model else \
        [(models.ROWS[r][0], os.path.join(a.models, models.ROWS[r][1] + ".onnx"), models.ROWS[r][2], a.precision) for r in a.row]
    print(f"$ python bench/load.py {' '.join(sys.argv[1:])}\n")
    if not a.cycles:
        more = (" libmo, cached |", "---|") if a.cache else ("", "")
        print(f"| model | | libmo: load + first run ms / peak MB (+ held before) | ORT | OV |{more[0]}\n|---|---|---|---|---|{more[1]}")
    for title, path, sizes, precisions in rows:
        inputs = models.inputs_of(path)
        shapes = models.shapes_of(inputs, sizes, a.shape)
        folder = os.path.dirname(os.path.abspath(path))
        with tempfile.TemporaryDirectory() as temporary:
            npz = os.path.join(temporary, "in.npz")
            np.savez(npz, **models.feed(inputs, shapes, 0))
            for precision in precisions:
                load = {"npz": npz, "threads": a.threads, "precision": precision, "axes": models.axes_of(inputs, shapes),
                        "cache": os.path.join(temporary, "packs") if a.cache else ""}
                def file_of(engine):
                    return models.files(engine, precision, path, os.path.join(folder, "peers_cache"), os.path.join(folder, "libmo_cache"), sizes)[0][1]
                if a.cycles:
                    with Process() as process:
                        seen = process.ask("cycles", path=file_of("libmo"), count=a.cycles, **load)["now_mb"]
                    print(f"{title} {precision}: resident MB after cycle " + ", ".join(f"{k}: {v:.1f}" for k, v in seen.items()), flush=True)
                    continue
                cells = [row_text(e, file_of(e), load, a.times) for e, _ in ENGINES]
                if a.cache:
                    cells.append(row_text("libmo+cache", file_of("libmo"), load, a.times + 1))
                print(f"| {title} | {precision} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
