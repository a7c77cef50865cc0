"""What each way of quantizing costs on the real models of ../shared, libmo beside ONNX Runtime's and NNCF's own tools.

  python bench/methods.py [task ...] [--kinds 'int8 static,fp16'] [--tools libmo,peer] [--every 5] [--table | --docs]     one table for each model

Samples are those of ../shared/bench/peer_accuracy.py: calibration samples are never scored, every tool gets the same ones, and every file is scored
by ONNX Runtime (bfloat16, which it has no kernels for, by libmo; everything by libmo on a processor without VNNI, where ONNX Runtime's sums of 8-bit
products saturate and no longer are what the file says). Nothing is chosen by a score of libmo's: each row is a setting fixed in
method_cells.py, and mixed precision decides by signal to noise on the calibration samples. "Best peer" is chosen by its score, to the peers' advantage.

Each cell (model, kind, method) is made once and kept as JSON in CELLS (build/bench_cells), sample by sample; a run that was stopped goes on.
Cells of another build of libmo are made anew unless --any-build. Intervals: paired bootstrap over samples, 95 %, 2,000 resamples.
"""
import argparse
import contextlib
import glob
import io
import json
import os
import signal
import sys
import tempfile

import numpy as np

import method_cells as cells

CELLS = os.environ.get("CELLS", os.path.join(cells.BUILD, "bench_cells"))


def interval(a, b, resamples=2000, seed=0):
    """metric(b) - metric(a) and its 95 % interval; the same samples are drawn of both."""
    (a, w), b = (np.array(a["sums"]), np.array(a["weights"], float)), np.array(b["sums"])
    n = min(len(a), len(b))
    a, b, w = a[:n], b[:n], w[:n]
    rng = np.random.default_rng(seed)
    d = np.empty(resamples)
    for i in range(resamples):
        k = rng.integers(0, n, n)
        d[i] = (b[k] - a[k]).sum() / w[k].sum()
    return ((b - a).sum() / w.sum(), *np.quantile(d, [0.025, 0.975]))


class Task:
    def __init__(self, name, arguments):
        self.name, self.a, self.arrays = name, arguments, None
        self.load, self.metric, _ = cells.tasks()[name]
        self.points = self.metric == "top1"
        self.every = arguments.every
        if arguments.table and self.every == 1 and not os.path.exists(self.path("float", "float", "fp32")):  # what there is: a part of the samples
            parts = sorted(glob.glob(os.path.join(CELLS, f"{name}_every_*")), key=lambda p: int(p.rsplit("_", 1)[1]))
            self.every = int(parts[0].rsplit("_", 1)[1]) if parts else 1

    def path(self, kind, tool, method):
        part = f" every {self.every}" if self.every > 1 else ""
        return os.path.join(CELLS, self.name + part.replace(" ", "_"), "".join(c if c.isalnum() else "_" for c in f"{tool} {kind} {method}") + ".json")

    def kept(self, kind, tool, method):
        path = self.path(kind, tool, method)
        if not os.path.exists(path):
            return None
        with open(path) as f:
            cell = json.load(f)
        stale = tool == "libmo" and not self.a.any_build and not self.a.table and (cell["build"], cell["options"]) != (cells.library(), cells.OURS[kind][method])
        return None if stale else cell

    def made(self, kind, tool, method):
        cell = self.kept(kind, tool, method)
        if cell is None and not self.a.table:
            self.make(kind, tool, method)
            cell = self.kept(kind, tool, method)
        return cell

    def make(self, kind, tool, method):
        """In a child of its own: tools that run out of memory or never end leave the rest alone."""
        if self.arrays is None:
            import onnx
            calibration, test, label = self.load()
            graph = onnx.load(f"{cells.ROOT}/../shared/models/{self.name}.onnx").graph
            weights = {t.name for t in graph.initializer}
            names = [i.name for i in graph.input if i.name not in weights]
            if len(names) == 1:
                calibration, test = ({names[0]: next(iter(d.values()))} for d in (calibration, test))
            test, label = {k: v[::self.every] for k, v in test.items()}, label[::self.every]
            self.arrays = calibration, test, label, names
        os.makedirs(os.path.dirname(self.path(kind, tool, method)), exist_ok=True)
        child = os.fork()
        if child == 0:
            signal.alarm(self.a.limit)
            with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                os.dup2(nowhere.fileno(), 1), os.dup2(nowhere.fileno(), 2), os.chdir(folder)
                try:
                    found = cells.cell(self.name, kind, tool, method, *self.arrays, folder)
                except BaseException as e:
                    found = {"error": f"{type(e).__name__}: {str(e).strip()[:160]}"}
                self.write(kind, tool, method, found)
            os._exit(0)
        _, status, usage = os.wait4(child, 0)
        if status:
            self.write(kind, tool, method, {"error": f"ended by signal {status} (limit {self.a.limit} s)"})
        print(f"{self.name}: {tool} {kind} {method}: {usage.ru_utime:.0f} s, {usage.ru_maxrss / 1024:.0f} MB", file=sys.stderr, flush=True)

    def write(self, kind, tool, method, found):
        found |= {"build": cells.library(), "options": cells.OURS.get(kind, {}).get(method)}
        path = self.path(kind, tool, method)
        with open(path + ".part", "w") as f:
            json.dump(found, f)
        os.replace(path + ".part", path)

    def number(self, v, sign=True):
        v, digits = (100 * v, 2) if self.points else (v, 4)
        return f"{round(v, digits) + 0.0:{'+' if sign else ''}.{digits}f}"

    def span(self, low, high):
        return f"[{self.number(low)}, {self.number(high)}]"

    def loss(self, a, b):
        """From a to b, positive when b is worse."""
        d, low, high = interval(a, b)
        return (-d, -high, -low) if self.points else (d, low, high)

    def table(self):
        base = self.made("float", "float", "fp32")
        if not base or "error" in base:
            return print(f"\n**{self.name}**: {base or 'no cell'}")
        score = sum(base["sums"]) / sum(base["weights"])
        print(f"\n**{self.name}**, float {self.number(score, False)}{' %' if self.points else ' nats'}, {base['bytes']:,} bytes, {len(base['sums']):,} samples{f', every {self.every}th' if self.every > 1 else ''}\n")
        print("| kind | method | loss [95 %] | agreement % | bytes | best peer, its loss, bytes | libmo − peer [95 %] | |\n|---|---|---|---|---|---|---|---|")
        for kind in self.a.kinds:
            peers = [(m, c) for m in cells.PEERS.get(kind, []) if "peer" in self.a.tools and (not self.a.peers or m in self.a.peers.split(",")) and (c := self.made(kind, "peer", m))]
            good = sorted(((self.loss(base, c)[0], m, c) for m, c in peers if "sums" in c), key=lambda x: x[0])
            for method in cells.OURS[kind] if "libmo" in self.a.tools else []:
                if cell := self.made(kind, "libmo", method):
                    print(self.row(kind, method, base, cell, good, peers), flush=True)

    def row(self, kind, method, base, cell, good, peers):
        if "error" in cell:
            return f"| {kind} | {method} | fails: {cell['error'].split('.onnx: ')[-1].removeprefix('RuntimeError: ')} | | | | | |"
        loss, low, high = self.loss(base, cell)
        lossless = low <= 0
        agreement = 100 * np.mean(np.array(base["best"])[:len(cell["best"])] == np.array(cell["best"]))
        text = f"| {kind} | {method} | {self.number(loss)} {self.span(low, high)} | {agreement:.2f} | {cell['bytes']:,} | "
        if not good:
            return text + ("fails or changes nothing" if peers else "") + " | | |"
        peer_loss, name, peer = good[0]
        d, low, high = self.loss(peer, cell)
        above = lossless and self.loss(base, peer)[2] < 0  # a peer that beats the float model beyond noise was lucky on these samples
        verdict = ("worse than a peer above float" if above else "**worse**") if low > 0 else "better" if high < 0 else ""
        return text + f"{name} {self.number(peer_loss)}, {peer['bytes']:,} | {self.number(d)} {self.span(low, high)} | {verdict} |"


PAGE = """# Accuracy by method

    python bench/methods.py --docs

Written by that command from what `python bench/methods.py` measured ([benchmarks.md](benchmarks.md) says how and when). Loss against float32 in points of top-1 or in
nats, positive is worse, with its 95 % interval by paired bootstrap over the samples. The peer beside a row is the best of its kind *by its score on these very samples*.
"better" and "**worse**" are said where the interval of libmo minus peer does not hold 0; "worse than a peer above float": libmo equals the float model within noise, and that
peer beats the float model beyond noise. An empty right side: no peer offers the kind, or its tool fails or changes nothing.

"""


def summary(tables):
    """How many rows each verdict has."""
    rows = [line.split("|") for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| kind")]
    beside = [r[-2].strip() for r in rows if len(r) > 8 and "," in r[6]]
    differences = [float(r[7].split()[0]) for r in rows if len(r) > 8 and "," in r[6]]
    count = beside.count
    return (f"{len(rows)} rows, {len(beside)} of them beside a peer: {count('better')} better beyond the noise, {count('')} equal within it, "
            f"{count('worse than a peer above float')} worse than a peer that beats the float model, {count('**worse**')} worse. "
            f"By the bare numbers libmo loses less in {sum(d < 0 for d in differences)} and as much in {sum(d == 0 for d in differences)}.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--kinds", default=",".join(cells.OURS).replace("mixed int8, int4", "mixed"), help="comma-separated, by their first words")
    parser.add_argument("--tools", default="libmo,peer")
    parser.add_argument("--peers", default="", help="only these methods of the peers, as in method_cells.py")
    parser.add_argument("--table", action="store_true", help="from the cells that there are, whatever build made them; makes none")
    parser.add_argument("--docs", action="store_true", help="the same into docs/accuracy_by_method.md")
    parser.add_argument("--any-build", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="score every Nth sample only, in cells of their own: 10,000 pictures take long")
    parser.add_argument("--limit", type=int, default=900, help="seconds for one cell")
    a = parser.parse_args()
    a.kinds = [next(k for k in cells.OURS if k.startswith(w)) for w in a.kinds.split(",")]
    a.tools = a.tools.split(",")
    a.table |= a.docs
    text = io.StringIO()
    with contextlib.redirect_stdout(text) if a.docs else contextlib.nullcontext():
        for name in a.tasks or cells.tasks():
            Task(name, a).table()
    if a.docs:
        with open(os.path.join(cells.ROOT, "docs/accuracy_by_method.md"), "w") as f:
            f.write(PAGE + summary(text.getvalue()) + text.getvalue())


if __name__ == "__main__":
    main()
