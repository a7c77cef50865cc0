"""libmo.so lives in one process with other copies of what it is made of: protobuf, onnx, another runtime, another OpenMP user."""
import subprocess
import sys
import unittest

import abi

USE = """
import ctypes, sys
lib = ctypes.CDLL({library!r})
lib.mo_version.restype = ctypes.c_char_p
def ours():
    assert lib.mo_version()
"""
ONNX = """
import onnx, onnx.helper as h
def theirs():
    g = h.make_graph([h.make_node("Relu", ["x"], ["y"])], "g", [h.make_tensor_value_info("x", 1, [1, 2])], [h.make_tensor_value_info("y", 1, [1, 2])])
    m = h.make_model(g, ir_version=10, opset_imports=[h.make_opsetid("", 21)])
    onnx.checker.check_model(m); onnx.shape_inference.infer_shapes(m)
    return m.SerializeToString()
"""
RUN = """
def load(data):
    lib.mo_model_load_bytes.restype = ctypes.c_void_p
    model = ctypes.c_void_p()
    error = lib.mo_model_load_bytes(ctypes.c_char_p(data), ctypes.c_int64(len(data)), None, None, ctypes.byref(model))
    assert not error and model, "load"
    lib.mo_model_free(model)
ours(); data = theirs(); load(data); theirs()
import numpy, onnxruntime
print(onnxruntime.InferenceSession(data).run(None, {"x": numpy.ones((1, 2), "f")})[0].sum())
load(data); ours()
maps = open("/proc/self/maps").read()
print("libgomp copies:", len({line.split()[-1] for line in maps.splitlines() if "libgomp" in line}))
"""


@unittest.skipUnless(abi.LIBRARY.exists(), "libmo.so is not built")
class Coexist(unittest.TestCase):
    def run_script(self, *parts):
        script = "".join(parts).replace("{library!r}", repr(str(abi.LIBRARY)))
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr[-2000:])
        return run.stdout

    def test_beside_onnx_and_protobuf_ours_first(self):
        self.assertIn("2.0", self.run_script(USE, ONNX, RUN))

    def test_beside_onnx_and_protobuf_theirs_first(self):
        self.assertIn("libgomp copies: 1", self.run_script(ONNX, "theirs()\n", USE, RUN))

    def test_beside_openvino(self):
        self.run_script("import openvino\nopenvino.Core().available_devices\n", USE, "ours()\n")

    def test_loads_and_unloads_again(self):
        self.run_script(USE, "ours()\nimport _ctypes\nfor i in range(3):\n    _ctypes.dlclose(lib._handle)\n"
                             "    lib = ctypes.CDLL({library!r}); lib.mo_version.restype = ctypes.c_char_p; ours()\n")
