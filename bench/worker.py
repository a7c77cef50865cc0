"""One engine with one model in a process of its own, kept warm: JSON requests come line by line on standard input, answers go out on standard output.

{"do": "load", "engine", "path", "npz", "threads", "precision", "axes", "cache"} -> {"load_ms", "first_ms", "import_mb"}      {"do": "run", "seconds", "least", "warm"} -> {"times"}
{"do": "memory"} -> {"peak_mb", "now_mb"}      {"do": "cycles", ...as load, "count"} -> {"now_mb": {cycle: MB}}
{"do": "work"} -> {"macs", "bytes"} of libmo's plan      {"do": "profile", "runs"} -> libmo's profile
{"do": "load_decoder", "engine", "path", "model", "threads"} -> {}      {"do": "generate", "first", "last", "again"} -> {"ms": of each step}
"""
import importlib
import json
import os
import subprocess
import sys
import time


def status_mb(field):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(field))


def onnxruntime(path, threads, precision, feed, axes):
    import onnxruntime as ort
    o = ort.SessionOptions()
    o.intra_op_num_threads, o.inter_op_num_threads, o.log_severity_level = threads, 1, 3
    for name, size in axes.items():  # fixed shapes, as a user who minds latency has them
        o.add_free_dimension_override_by_name(name, size)
    session = ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, feed)


def openvino(path, threads, precision, feed, axes):
    import openvino as ov
    core = ov.Core()
    model = core.read_model(path)
    model.reshape({name: list(a.shape) for name, a in feed.items()})
    request = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": ov.Type.bf16 if "bf16" in precision else ov.Type.f32}).create_infer_request()
    return lambda: request.infer(feed, share_inputs=True, share_outputs=True)


def libmo(path, threads, precision, feed, axes=None, cache=""):
    from libmo import Library, Session
    shapes = [f"{name}={'x'.join(map(str, a.shape))}" for name, a in feed.items() if a.ndim]
    return Session(Library(), path, threads, "bf16" if precision == "bf16" else "float32", shapes, cache)


class Worker:
    def load(self, engine, path, npz, threads, precision, axes, cache=""):
        import numpy as np
        make = {"libmo": libmo, "onnxruntime": onnxruntime, "openvino": openvino}[engine]
        module = importlib.import_module(engine)
        if engine == "libmo":
            module.Library()  # which the peers' import brings
        with np.load(npz) as f:
            feed = {name: f[name] for name in f.files}
        reset_peak()
        base, start = status_mb("VmRSS"), time.perf_counter()
        self.once = make(path, threads, precision, feed, axes, **({"cache": cache} if cache else {}))
        loaded = time.perf_counter()
        if engine == "libmo":
            self.once.feed(npz)
        first = time.perf_counter()
        self.once()
        return {"load_ms": (loaded - start) * 1e3, "first_ms": (time.perf_counter() - first) * 1e3, "import_mb": base}

    def run(self, seconds, least=1, warm=True):
        if warm:
            self.once()
        times, cpu, start = [], time.process_time(), time.perf_counter()
        while len(times) < least or time.perf_counter() - start < seconds:
            t = time.perf_counter_ns()
            self.once()
            times.append((time.perf_counter_ns() - t) / 1e6)
        wall = time.perf_counter() - start
        return {"times": times, "cpu_per_wall": (time.process_time() - cpu) / wall}

    def memory(self):
        return {"peak_mb": status_mb("VmHWM"), "now_mb": status_mb("VmRSS")}

    def cycles(self, path, npz, threads, precision, axes, count, cache=""):
        """Loads, runs once and frees, again and again."""
        import numpy as np
        with np.load(npz) as f:
            feed = {name: f[name] for name in f.files}
        seen = {}
        for i in range(1, count + 1):
            session = libmo(path, threads, precision, feed, cache=cache)
            session.feed(npz)
            session()
            session.close()
            if i in (1, 10, 100) or i == count:
                seen[i] = status_mb("VmRSS")
        return {"now_mb": seen}

    def work(self):
        """Multiply-adds and bytes of one run of libmo's plan: bytes are of constants read once and of values between the steps."""
        plan = self.once.explain()
        return {"macs": plan.get("macs", 0), "bytes": plan.get("bytes", 0)}

    def profile(self, runs):
        return self.once.profile(runs)

    def load_decoder(self, engine, path, model, threads):
        """A decoder with a growing cache (decoders.py); `model` tells its inputs where `path` is no ONNX file."""
        import decoders
        import models
        self.inputs, self.decoder = models.inputs_of(model), decoders.ENGINES[engine](path, threads)
        return {}

    def generate(self, first, last, again=1):
        """The time of every step on caches of first, first + 1, ... last - 1 positions; all of that `again` times."""
        import decoders
        arrays, times = decoders.start_arrays(self.inputs, first), []
        for _ in range(again):
            self.decoder.start(arrays)
            for _ in range(last - first):
                t = time.perf_counter_ns()
                self.decoder.step()
                times.append((time.perf_counter_ns() - t) / 1e6)
        return {"ms": times}


def reset_peak():
    """Forgets the peak of importing, so that VmHWM is of what follows; systems that refuse keep the larger one."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


class Process:
    """A worker as its master sees it."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)

    def ask(self, do, **arguments):
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"the process ended with status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


def main():
    answers = os.dup(1)
    os.dup2(2, 1)  # engines chat on standard output; it is kept for the answers
    worker = Worker()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as e:
            answer = {"error": f"{type(e).__name__}: {e}"[:300]}
        os.write(answers, (json.dumps(answer) + "\n").encode())


if __name__ == "__main__":
    main()
