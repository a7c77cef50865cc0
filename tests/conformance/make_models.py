"""Draws the models of the conformance list again: models/add.onnx (y = x + 1) and models/classifier.onnx (a small convolution net, seeded)."""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent / "models"


def save(name, nodes, inputs, outputs, weights):
    graph = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(v, k) for k, v in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="libmo conformance")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, FOLDER / f"{name}.onnx")


def floats(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def main():
    save("add", [helper.make_node("Add", ["x", "one"], ["y"], name="plus")], [floats("x", ["n"])], [floats("y", ["n"])],
         {"one": np.array([1], np.float32)})
    random = np.random.default_rng(6)
    weights = {
        "first.weight": random.normal(0, 0.3, (8, 3, 3, 3)).astype(np.float32),
        "first.bias": random.normal(0, 0.1, 8).astype(np.float32),
        "second.weight": random.normal(0, 0.2, (16, 8, 3, 3)).astype(np.float32),
        "second.bias": random.normal(0, 0.1, 16).astype(np.float32),
        "head.weight": random.normal(0, 0.3, (10, 16)).astype(np.float32),
        "head.bias": random.normal(0, 0.1, 10).astype(np.float32),
    }
    save("classifier", [
        helper.make_node("Conv", ["image", "first.weight", "first.bias"], ["a"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], name="first_relu"),
        helper.make_node("Conv", ["b", "second.weight", "second.bias"], ["c"], name="second", pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["d"], name="second_relu"),
        helper.make_node("GlobalAveragePool", ["d"], ["e"], name="pool"),
        helper.make_node("Flatten", ["e"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "head.weight", "head.bias"], ["scores"], name="head", transB=1),
    ], [floats("image", ["batch", 3, 8, 8])], [floats("scores", ["batch", 10])], weights)


if __name__ == "__main__":
    main()
