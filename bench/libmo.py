"""libmo's C interface by ctypes: what the bench needs of it, in the process that measures."""
import ctypes as c
import json
import os

import numpy as np

LIBRARY = os.environ.get("MO_LIBRARY") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "lib", "libmo.so")


DTYPES = {"float32": 1, "int32": 6, "int64": 7}  # mo_dtype, ONNX's numbers


class Library:
    def __init__(self, path=LIBRARY):
        self.c = c.CDLL(path)
        self.c.mo_error_message.restype = self.c.mo_buffer_text.restype = self.c.mo_version.restype = self.c.mo_report_json.restype = c.c_char_p
        self.c.mo_tensors_name.restype = c.c_char_p
        self.c.mo_tensor_dims.restype, self.c.mo_tensor_rank.restype = c.POINTER(c.c_int64), c.c_int64
        for name in ("tensor", "buffer", "options", "tensors", "model", "session", "error", "report"):
            getattr(self.c, f"mo_{name}_free").argtypes = [c.c_void_p]

    def check(self, error):
        if error:
            message = self.c.mo_error_message(error).decode()
            self.c.mo_error_free(error)
            raise RuntimeError(message)

    def call(self, name, *arguments):
        function = getattr(self.c, name)
        function.restype = c.c_void_p
        self.check(function(*arguments))

    def make(self, name, *arguments):
        """Calls a function whose last argument is `T **out`; the result is freed by `free`."""
        out = c.c_void_p()
        self.call(name, *arguments, c.byref(out))
        return out

    def text(self, name, *arguments):
        buffer = self.make(name, *arguments)
        try:
            return self.c.mo_buffer_text(buffer).decode()
        finally:
            self.c.mo_buffer_free(buffer)

    def options(self, operation, **values):
        o = self.make("mo_options_create", operation.encode())
        self.call("mo_options_parse", o, json.dumps(values).encode())
        return o


class Session:
    """A model made ready to run on fixed inputs (an .npz file); calling it runs once."""

    def __init__(self, library, path, threads, precision="float32", shapes=(), cache=""):
        self.lib, self.inputs, self.outputs = library, None, None
        options = library.options("session", threads=threads, precision=precision, shapes=list(shapes), release_weights=bool(shapes), cache_folder=cache)
        try:
            self.session = library.make("mo_session_load", path.encode(), None, options)
        finally:
            library.c.mo_options_free(options)
        self.run = library.c.mo_session_run_into
        self.run.restype, self.run.argtypes = c.c_void_p, [c.c_void_p] * 4

    def feed(self, npz):
        self.inputs = self.lib.make("mo_tensors_load", npz.encode(), c.c_int64(0))
        self.outputs = self.lib.make("mo_tensors_create")

    def __call__(self):
        error = self.run(self.session, self.inputs, None, self.outputs)
        if error:
            self.lib.check(error)

    def scores(self, arrays):
        """The first output for a dict of arrays."""
        self.lib.c.mo_tensors_free(self.inputs)
        self.inputs = self.lib.make("mo_tensors_create")
        for name, a in arrays.items():
            a = np.ascontiguousarray(a)
            tensor = self.lib.make("mo_tensor_create", c.c_int32(DTYPES[a.dtype.name]), (c.c_int64 * a.ndim)(*a.shape), c.c_int64(a.ndim), c.c_void_p(a.ctypes.data), c.c_int64(a.nbytes))
            self.lib.call("mo_tensors_set", self.inputs, name.encode(), tensor)
            self.lib.c.mo_tensor_free(tensor)
        self.outputs = self.outputs or self.lib.make("mo_tensors_create")
        self()
        tensor = self.lib.make("mo_tensors_get", self.outputs, self.lib.c.mo_tensors_name(self.outputs, c.c_int64(0)))
        out = np.empty([self.lib.c.mo_tensor_dims(tensor)[i] for i in range(self.lib.c.mo_tensor_rank(tensor))], np.float32)
        self.lib.call("mo_tensor_read", tensor, c.c_void_p(out.ctypes.data), c.c_int64(out.nbytes))
        self.lib.c.mo_tensor_free(tensor)
        return out

    def explain(self):
        return json.loads(self.lib.text("mo_session_explain_json", self.session))

    def profile(self, iterations):
        return json.loads(self.lib.text("mo_session_profile_json", self.session, self.inputs, c.c_int32(iterations)))

    def close(self):
        for kind in ("outputs", "inputs"):
            self.lib.c.mo_tensors_free(getattr(self, kind))
        self.lib.c.mo_session_free(self.session)
