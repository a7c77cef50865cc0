"""The speed table: libmo, ONNX Runtime and OpenVINO interleaved, each in a process of its own kept warm. Ratio: better peer's time / libmo's; above 1 libmo is faster.

  python bench/table.py --models DIR [--quick | --minutes 12] [--row resnet50,...] [--precision fp32,int8] [--threads 1,2] [--batch 1,8]
  python bench/table.py --model FILE.onnx [--shape input=1x3x224x224] [--precision fp32,bf16]        one file as it is; bf16: rounded where it is float

Every cell is kept in a JSON file as soon as it is measured; the same command goes on where it stopped, and measures again what was measured with
another build of libmo or on another processor. --docs writes the page of this kind of processor, docs/speed/ISA.md, and draws ISA.svg beside it.
"""
import argparse
import contextlib
import datetime
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import bars
import chart
import libmo
import models
from worker import Process

ENGINES = ("libmo", "onnxruntime", "openvino")
SHORT = {"libmo": "libmo", "onnxruntime": "ORT", "openvino": "OV"}
ROOT = models.ROOT
ISA = (("amx_tile", "amx"), ("avx512_bf16", "avx512_bf16"), ("avx512_vnni", "avx512_vnni"), ("avx512f", "avx512"), ("avx2", "avx2"))  # widest first

PAGE = """# Speed on {isa}

    python bench/table.py --models DIR --docs

libmo, ONNX Runtime and OpenVINO in the same run, interleaved ([bench/README.md](../../bench/README.md) says how). Ratios above 1: libmo is faster. Written by that command.

![Ratios]({isa}.svg)

{head}

{text}"""


def processor():
    with open("/proc/cpuinfo") as f:
        fields = dict(line.split(":", 1) for line in f.read().split("\n\n")[0].splitlines() if ":" in line)
    fields = {k.strip(): v.strip() for k, v in fields.items()}
    isa = [name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile") if name in fields.get("flags", "").split()]
    return f"{fields.get('model name', platform.machine())} (family {fields.get('cpu family', '?')}, model {fields.get('model', '?')}; {', '.join(isa)})"


def versions():
    out = {}
    for engine in ENGINES[1:]:
        with contextlib.suppress(ImportError):
            out[engine] = __import__(engine).__version__.split("-")[0]
    with open(libmo.LIBRARY, "rb") as f:
        out["libmo"] = libmo.Library().c.mo_version().decode() + " " + hashlib.file_digest(f, "sha256").hexdigest()[:10]
    return out


def peak_of(threads):
    """What mo_peak measures right beside a cell, None where it is not built: clocks drift, and a share of another minute's peak says little."""
    program = os.path.join(os.path.dirname(models.MO), "mo_peak")
    if not os.path.exists(program):
        return None
    run = subprocess.run([program, "--threads", str(threads), "--seconds", "0.1", "--megabytes", "256"], capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else None


def peak_share(cell, row, precision):
    """Part of the peak by libmo's minimum: of multiplying, or where each weight is read for one row only, of reading memory."""
    if not cell.get("peak") or "libmo" not in cell["engines"]:
        return None
    ms, work, peak = cell["engines"]["libmo"]["min_ms"], cell["work"], cell["peak"]
    if row.endswith("_decode"):
        read = work["bytes"] / (2 if precision == "bf16" else 1)  # the plan counts float32 weights, what is packed is half as large
        return read / ms / 1e6 / peak["read_gbytes_per_s"]
    arithmetic = "int8" if precision.startswith("int") else precision
    top = peak["gmacs"].get(arithmetic)
    return work["macs"] / ms / 1e6 / top if top else None


def peak_text(cell, row, precision):
    share = peak_share(cell, row, precision)
    return "" if share is None else f"{100 * share:.0f} %" + (" read" if row.endswith("_decode") else "")


def judged(cells, results):
    """The figures that bars.judge holds against what is wanted."""
    out = {}
    for c in cells:
        cell = results.cells[c.key]
        out[c.row, c.precision, c.threads, c.batch] = {"ratio": ratios(cell), "share": peak_share(cell, c.row, c.precision),
                                                       "ms": cell["engines"].get("libmo", {}).get("min_ms")}
    return bars.judge(out)


class Cell:
    """One model in one precision, with so many threads and samples at once."""

    def __init__(self, args, row, model, sizes, precision, threads, batch):
        self.row, self.model, self.precision, self.threads, self.batch = row, model, precision, threads, batch
        self.sizes, self.args = {**sizes, "N": batch}, args
        self.key = f"{row}/{precision}/{threads}t/b{batch}"

    def candidates(self):
        a = self.args
        cache = a.cache or os.path.join(os.path.dirname(self.model), "peers_cache")
        for engine in a.engines:
            for label, path in models.files(engine, self.precision, self.model, cache, a.own, self.sizes):
                yield engine, label, path

    def measure(self):
        a, candidates = self.args, list(self.candidates())  # may make files, which is not the cell's time
        begin = time.perf_counter()
        result = {"date": datetime.datetime.now().isoformat(timespec="seconds"), "cpu": a.cpu, "versions": a.versions, "engines": {}, "failed": {}}
        inputs = models.inputs_of(self.model)
        shapes = models.shapes_of(inputs, self.sizes, a.shape)
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            npz = os.path.join(folder, "in.npz")
            np.savez(npz, **models.feed(inputs, shapes, 0, 30000 if a.models else 2))
            warm = {}  # engine -> (seconds of one run, label, process)
            for engine, label, path in candidates:
                if path is None:
                    result["failed"][engine] = label
                    continue
                process = stack.enter_context(Process())
                try:
                    loaded = process.ask("load", engine=engine, path=path, npz=npz, threads=self.threads, precision=self.precision,
                                         axes=models.axes_of(inputs, shapes))
                    slow = loaded["first_ms"] > 700
                    one = (loaded["first_ms"] if slow else min(process.ask("run", seconds=0.05, warm=False)["times"])) / 1e3
                except RuntimeError as e:
                    result["failed"][f"{engine} {label}".strip()] = str(e)[:200]
                    continue
                if engine not in warm or one < warm[engine][0]:
                    warm[engine] = (one, label, process, loaded)
            self.rounds(warm, result, a.seconds - (time.perf_counter() - begin))
            if "libmo" in warm:
                result["work"] = warm["libmo"][2].ask("work")
                result["peak"] = peak_of(self.threads)
        result["took_s"] = round(time.perf_counter() - begin, 1)
        return result

    def rounds(self, warm, result, left):
        """Round after round each engine runs for a slice; the order turns, so that nobody is always first after somebody else."""
        if not warm:
            return
        slice_s = self.args.slice
        round_s = sum(max(slice_s, one) + (one if one < 0.3 else 0) for one, *_ in warm.values())
        count = int(min(self.args.rounds, max(1 if round_s > 5 else 2, left / round_s)))
        times, busy = {engine: [] for engine in warm}, {engine: [] for engine in warm}
        for k in range(count):
            order = list(warm)
            for engine in order[k % len(order):] + order[:k % len(order)]:
                one, _, process, _ = warm[engine]
                answer = process.ask("run", seconds=slice_s if one < slice_s else 0, warm=one < 0.3)
                times[engine].append(answer["times"])
                busy[engine].append(answer["cpu_per_wall"])
                time.sleep(0.005)  # threads that spin after a run must not meet the next engine
        for engine, (_, label, _, loaded) in warm.items():
            result["engines"][engine] = {"min_ms": min(map(min, times[engine])), "median_ms": statistics.median(map(statistics.median, times[engine])),
                                         "runs": sum(map(len, times[engine])), "cpu_per_wall": round(statistics.median(busy[engine]), 2),
                                         "file": label, "load_ms": round(loaded["load_ms"], 1)}


def ratios(cell):
    """(by minimum, by median) of the better peer over libmo, or None."""
    engines = cell["engines"]
    peers = [engines[e] for e in ENGINES[1:] if e in engines]
    if "libmo" not in engines or not peers:
        return None
    return tuple(min(p[k] for p in peers) / engines["libmo"][k] for k in ("min_ms", "median_ms"))


def geometric(values):
    return statistics.geometric_mean(values) if values else float("nan")


class Results:
    def __init__(self, path, args):
        self.path, self.args = path, args
        self.cells = {}
        if os.path.exists(path):
            with open(path) as f:
                self.cells = json.load(f)["cells"]

    def valid(self, key):
        c = self.cells.get(key)
        return c and not self.args.again and c["cpu"] == self.args.cpu and (self.args.keep or c["versions"] == self.args.versions)

    def put(self, key, cell):
        self.cells[key] = cell
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        with open(self.path + ".new", "w") as f:
            json.dump({"cells": self.cells}, f, indent=1)
        os.replace(self.path + ".new", self.path)


def engine_text(cell, engine):
    if engine not in cell["engines"]:
        failed = [name for name in cell["failed"] if name.startswith(engine)]
        return "fails" if failed else ""
    e = cell["engines"][engine]
    return f"{e['min_ms']:.3g} / {e['median_ms']:.3g}" + (f" ({e['file']})" if e["file"] not in ("", cell_form(cell)) else "")


def cell_form(cell):
    """What most engines of a cell run: not worth saying."""
    forms = [e["file"] for e in cell["engines"].values()]
    return max(("int8", "int4"), key=forms.count)


def disturbed(cell):
    """Something else had the processor for part of the time."""
    return any(e["cpu_per_wall"] < 0.93 for e in cell["engines"].values())


def markdown(cells, results):
    """One table per number of threads and batch, then geometric means."""
    lines, means = [], []
    for threads, batch in dict.fromkeys((c.threads, c.batch) for c in cells):
        group = [c for c in cells if (c.threads, c.batch) == (threads, batch) and c.key in results.cells]
        if not group:
            continue
        lines += [f"**{threads} thread{'s' * (threads > 1)}, batch {batch}** (ms, minimum / median; ratio: better peer / libmo; ~: something else had the processor for a part; of the peak: multiply-adds a second of what mo_peak measures beside the cell, of a decoder bytes of what it reads)", "",
                  "| model | | libmo | of the peak | ORT | OV | ratio min | median |", "|---|---|---|---|---|---|---|---|"]
        previous = None
        for c in group:
            cell = results.cells[c.key]
            r = ratios(cell)
            title = models.ROWS.get(c.row, (c.row,))[0]
            lines.append(f"| {title if title != previous else ''} | {c.precision}{' ~' if disturbed(cell) else ''} | "
                         f"{engine_text(cell, 'libmo')} | {peak_text(cell, c.row, c.precision)} | {' | '.join(engine_text(cell, e) for e in ENGINES[1:])} | "
                         + (f"{mark(r[0])} | {mark(r[1])} |" if r else "| |"))
            previous = title
        lines.append("")
        for precision in dict.fromkeys(c.precision for c in group):
            found = [r for c in group if c.precision == precision and (r := ratios(results.cells[c.key]))]
            means.append((f"{threads} thread{'s' * (threads > 1)}, batch {batch}, {precision}", found))
    lines += ["| geometric mean of ratios | cells | by minimum | by median | least |", "|---|---|---|---|---|"]
    low = [(name, found) for name, found in means if "int" in name]
    for name, found in means + ([("all int8 and int4", [r for _, f in low for r in f])] if low else []):
        if found:
            lines.append(f"| {name} | {len(found)} | {geometric([r[0] for r in found]):.3f} | {geometric([r[1] for r in found]):.3f} | "
                         f"{min(r[0] for r in found):.3f} |")
    return "\n".join(lines) + "\n"


def mark(ratio):
    return f"**{ratio:.2f}**" if ratio < 1 else f"{ratio:.2f}"


def plan(args):
    """Every cell, the ones that matter most first: one thread and one sample, then two threads, then batches."""
    rows = {args.name: (args.name, args.model, {})} if args.model else {r: v for r, v in models.ROWS.items() if not args.row or r in args.row}
    for batch in args.batch:
        for threads in args.threads:
            for row, (_, name, sizes) in rows.items():
                model = args.model or os.path.join(args.models, name + ".onnx")
                for precision in (["fp32", "bf16"] if args.model else models.precisions(row)):
                    if precision in (args.precision or (["fp32"] if args.model else [precision])) and os.path.exists(model):
                        yield Cell(args, row, model, sizes, precision, threads, batch)


def main():
    numbers, words = lambda s: [int(x) for x in s.split(",")], lambda s: s.split(",")
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--models", help="folder of the full-size models")
    p.add_argument("--model", help="one model file instead, of whatever precision")
    p.add_argument("--shape", action="append", default=[], help="of --model: NAME=1x3x224x224; other open axes are 1, the first one the batch")
    p.add_argument("--cache", help="folder of the peers' quantized files [peers_cache beside the models]")
    p.add_argument("--own", help="folder of libmo's quantized files, made when absent [libmo_cache beside the models]")
    p.add_argument("--remake", action="store_true", help="make libmo's quantized files anew, as after a change of its quantizer")
    p.add_argument("--row", type=words, help="rows: " + ",".join(models.ROWS))
    p.add_argument("--precision", type=words)
    p.add_argument("--threads", type=numbers, default=[1, 2])
    p.add_argument("--batch", type=numbers, default=[1, 8])
    p.add_argument("--engines", type=words, default=list(ENGINES))
    p.add_argument("--rounds", type=int, default=10, help="most rounds of a cell")
    p.add_argument("--slice", type=float, default=0.4, help="seconds of one engine in one round")
    p.add_argument("--seconds", type=float, default=15, help="bound of a cell, loading included; one or two rounds are always made")
    p.add_argument("--minutes", type=float, help="bound of all: cells share it, the last ones are left for the next time")
    p.add_argument("--quick", action="store_true", help="one thread, batch 1, some seconds a cell")
    p.add_argument("--results", default=os.path.join(ROOT, "build", "bench", "table.json"))
    p.add_argument("--again", action="store_true", help="measure cells again that are there")
    p.add_argument("--keep", action="store_true", help="keep cells of other builds of libmo")
    p.add_argument("--print", action="store_true", help="measure nothing")
    p.add_argument("--docs", action="store_true", help="write docs/speed/ISA.md and ISA.svg, ISA being the widest of this processor")
    args = p.parse_args()
    if bool(args.models) == bool(args.model):
        p.error("give --models or --model")
    if args.quick:
        args.threads, args.batch, args.rounds, args.slice, args.seconds = [1], [1], min(args.rounds, 4), 0.15, 5
    home = os.path.dirname(os.path.abspath(args.models or args.model)) if args.model else os.path.abspath(args.models)
    args.own = args.own or os.path.join(home, "libmo_cache")
    args.name = models.stem(args.model) if args.model else None
    args.cpu, args.versions = processor(), versions()
    args.engines = [e for e in args.engines if e in args.versions]
    if args.remake:
        shutil.rmtree(args.own, ignore_errors=True)
    results, cells = Results(args.results, args), list(plan(args))
    wanted = [] if args.print else [c for c in cells if not results.valid(c.key)]
    end = time.perf_counter() + args.minutes * 60 if args.minutes else None
    for k, cell in enumerate(wanted):
        if end:
            left = end - time.perf_counter()
            if left < 2:
                print(f"{len(wanted) - k} cells left for the next time", file=sys.stderr)
                break
            args.seconds = max(2.5, left / (len(wanted) - k))
        measured = cell.measure()
        results.put(cell.key, measured)
        r = ratios(measured)
        print(f"[{k + 1}/{len(wanted)}] {cell.key}: " + "; ".join(f"{SHORT[e]} {engine_text(measured, e)}" for e in measured["engines"])
              + (f"; ratio {r[0]:.2f} / {r[1]:.2f}" if r else "") + f" ({measured['took_s']} s)"
              + "".join(f"; {name}: {why}" for name, why in measured["failed"].items()), file=sys.stderr, flush=True)
    cells = [c for c in cells if c.key in results.cells]
    if not cells:
        return
    seen = [results.cells[c.key] for c in cells]
    head = (f"$ python bench/table.py {' '.join(a for a in sys.argv[1:] if a != '--docs')}\n\n{seen[0]['cpu']}; "
            + ", ".join(f"{SHORT[e]} {v}" for e, v in sorted(seen[-1]["versions"].items())) + f"; {min(c['date'] for c in seen)[:10]}")
    builds = {c["versions"]["libmo"] for c in seen}
    if len(builds) > 1:
        head += f"; from {len(builds)} builds of libmo"
    text = markdown(cells, results)
    if not args.model:
        text += "\n" + "\n".join("- " + line for line in judged(cells, results)) + "\n"
    print(head + "\n\n" + text)
    if args.docs:
        write_docs(text, [(c, results.cells[c.key]) for c in cells], seen)


def write_docs(text, measured, seen):
    ratio_bars = [(models.ROWS.get(c.row, (c.row,))[0], c.precision, r[0]) for c, cell in measured if c.threads == 1 and c.batch == 1 and (r := ratios(cell))]
    isa = widest(seen[0]["cpu"])
    page = os.path.join(ROOT, "docs", "speed", isa)
    os.makedirs(os.path.dirname(page), exist_ok=True)
    with open(page + ".svg", "w") as f:
        f.write(chart.draw(ratio_bars, "Time of the faster of ONNX Runtime and OpenVINO / time of libmo, one thread, batch 1, by minimum"))
    head = (f"Measured {min(c['date'] for c in seen)[:10]}, {seen[0]['cpu']}; " + ", ".join(f"{SHORT[e]} {v.split()[0]}" for e, v in sorted(seen[-1]["versions"].items())) + ".")
    with open(page + ".md", "w") as f:
        f.write(PAGE.format(isa=isa, head=head, text=text))


def widest(cpu):
    """The kind of processor that a page is for, from the text of processor()."""
    return next((name for flag, name in ISA if flag in cpu), platform.machine())


if __name__ == "__main__":
    main()
