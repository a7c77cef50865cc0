"""Runs the allocation-failure loop (alloc_fail.cpp) on a small model of its own making."""
import os
import pathlib
import subprocess
import tempfile
import unittest

import abi

PROGRAM = abi.BUILD / "bin/mo_alloc_fail"


def make_model(path):
    import numpy as np
    import onnx.helper as h
    import onnx.numpy_helper as nh
    rng = np.random.default_rng(7)
    weight = lambda name, *shape: nh.from_array(rng.normal(0, 0.3, shape).astype("f"), name)
    nodes = [h.make_node("Conv", ["image", "w1", "b1"], ["c"], name="conv", pads=[1, 1, 1, 1]), h.make_node("Relu", ["c"], ["r"], name="relu"),
             h.make_node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
             h.make_node("Flatten", ["p"], ["f"], name="flatten"), h.make_node("Gemm", ["f", "w2", "b2"], ["scores"], name="dense")]
    graph = h.make_graph(nodes, "small", [h.make_tensor_value_info("image", 1, ["n", 1, 8, 8])],
                         [h.make_tensor_value_info("scores", 1, ["n", 3])],
                         [weight("w1", 4, 1, 3, 3), weight("b1", 4), weight("w2", 64, 3), weight("b2", 3)])
    model = h.make_model(graph, ir_version=10, opset_imports=[h.make_opsetid("", 19)])
    path.write_bytes(model.SerializeToString())


def main():
    import numpy as np
    if not PROGRAM.exists():
        print(f"FAILED: {PROGRAM.name} is not built")
        return 0, 1, 0
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        make_model(at / "small.onnx")
        rng = np.random.default_rng(8)
        np.savez(at / "data.npz", image=rng.normal(0, 1, (6, 1, 8, 8)).astype("f"), label=np.arange(6) % 3)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        run = subprocess.run([PROGRAM, at / "small.onnx", at / "data.npz", folder, *os.environ.get("MO_SCENARIO", "").split(",")[:1]]
                             if os.environ.get("MO_SCENARIO") else [PROGRAM, at / "small.onnx", at / "data.npz", folder],
                             capture_output=True, text=True, env=environment)
        print(run.stdout + run.stderr[-3000:])
        words = run.stdout.split()
        if "passed," not in words:
            return 0, 1, 0
        return int(words[-6]), int(words[-4]), int(words[-2])
