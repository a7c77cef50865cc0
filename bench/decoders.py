"""Decoders with a growing cache: one step makes the next `present` outputs, which are the `past` inputs of the step after it. Nothing is copied between steps
but what the engine copies itself. Names: past_key.0 and present_key.0 belong together.

step() runs one token and returns nothing.
"""
import ctypes as c

import numpy as np


def start_arrays(inputs, length):
    """First inputs of a decoder: the tokens, then its caches filled with noise up to `length` (inputs as models.inputs_of gives them)."""
    random, out = np.random.default_rng(0), {}
    for name, dtype, dims in inputs:
        shape = [d if isinstance(d, int) and d > 0 else {"P": length}.get(d, 1) for d in dims]
        out[name] = random.standard_normal(shape, dtype=np.float32) if np.issubdtype(dtype, np.floating) else random.integers(0, 30000, shape).astype(dtype)
    return out


def partner(name):
    return name.replace("past", "present", 1)


class Libmo:
    def __init__(self, path, threads):
        from libmo import DTYPES, Library
        self.lib, self.dtypes = Library(), DTYPES
        options = self.lib.options("session", threads=threads)
        self.session = self.lib.make("mo_session_load", path.encode(), None, options)
        self.lib.c.mo_options_free(options)
        self.functions = {}
        for name, count in (("mo_session_run", 4), ("mo_tensors_get", 3), ("mo_tensors_set", 3)):
            f = self.functions[name] = getattr(self.lib.c, name)
            f.restype, f.argtypes = c.c_void_p, [c.c_void_p] * count
        self.inputs = None

    def start(self, arrays):
        if self.inputs:
            self.lib.c.mo_tensors_free(self.inputs)
        self.inputs, self.past = self.lib.make("mo_tensors_create"), []
        for name, a in arrays.items():
            tensor = self.lib.make("mo_tensor_create", c.c_int32(self.dtypes[a.dtype.name]), (c.c_int64 * a.ndim)(*a.shape), c.c_int64(a.ndim),
                                   c.c_void_p(a.ctypes.data), c.c_int64(a.nbytes))
            self.lib.call("mo_tensors_set", self.inputs, name.encode(), tensor)
            self.lib.c.mo_tensor_free(tensor)
            if name.startswith("past"):
                self.past.append((name.encode(), partner(name).encode()))

    def step(self):
        run, get, put = self.functions.values()
        outputs, tensor = c.c_void_p(), c.c_void_p()
        self.lib.check(run(self.session, self.inputs, None, c.addressof(outputs)))
        for past, present in self.past:
            self.lib.check(get(outputs, present, c.addressof(tensor)))
            self.lib.check(put(self.inputs, past, tensor))
            self.lib.c.mo_tensor_free(tensor)
        self.lib.c.mo_tensors_free(outputs)

    def cache(self, name):
        """What is in a cache now."""
        tensor = self.lib.make("mo_tensors_get", self.inputs, name)
        out = np.empty([self.lib.c.mo_tensor_dims(tensor)[i] for i in range(self.lib.c.mo_tensor_rank(tensor))], np.float32)
        self.lib.call("mo_tensor_read", tensor, c.c_void_p(out.ctypes.data), c.c_int64(out.nbytes))
        self.lib.c.mo_tensor_free(tensor)
        return out


class OnnxRuntime:
    def __init__(self, path, threads):
        import onnxruntime as ort
        self.ort, options = ort, ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.names = [o.name for o in self.session.get_outputs()]

    def start(self, arrays):
        self.feed = {name: self.ort.OrtValue.ortvalue_from_numpy(a) for name, a in arrays.items()}
        self.past = [(name, self.names.index(partner(name))) for name in arrays if name.startswith("past")]

    def step(self):
        made = self.session.run_with_ort_values(self.names, self.feed)
        for name, k in self.past:
            self.feed[name] = made[k]


class OpenVino:
    """Two requests in turn: the results of one are the inputs of the other."""

    def __init__(self, path, threads):
        import openvino as ov
        self.ov, core = ov, ov.Core()
        model = core.read_model(path)
        compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                                                     "INFERENCE_PRECISION_HINT": ov.Type.f32})
        self.requests = [compiled.create_infer_request() for _ in range(2)]

    def start(self, arrays):
        self.turn, self.past = 0, [name for name in arrays if name.startswith("past")]
        for request in self.requests:
            for name, a in arrays.items():
                request.set_tensor(name, self.ov.Tensor(a, shared_memory=False))

    def step(self):
        now, then = self.requests[self.turn], self.requests[1 - self.turn]
        now.infer()
        for name in self.past:
            then.set_tensor(name, now.get_tensor(partner(name)))
        self.turn = 1 - self.turn


ENGINES = {"libmo": Libmo, "onnxruntime": OnnxRuntime, "openvino": OpenVino}
