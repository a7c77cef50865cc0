"""Writes the node tests that the onnx package generates as files that a C++ runner reads.

    python node_tests.py OUT [--only PATTERN]        needs onnx==1.23.2, numpy==2.4.6

OUT/cases.txt lists the names, one a line, and is written last: a folder without it is not complete. For each name there is
    OUT/<name>/model.onnx    ModelProto
    OUT/<name>/input_<i>.pb  output_<i>.pb    TensorProto, SequenceProto or OptionalProto, in the order of the graph's inputs/outputs
    OUT/<name>/case.txt      lines of words:
        name test_abs
        ops Abs                      operators of the graph, sorted
        rtol 0.001
        atol 1e-07
        input 0 tensor x             number, kind (tensor, sequence, optional), name of the value
        output 0 tensor y
An optional that holds nothing is a file of kind `optional` with elem_type 0.
The same versions of the packages give the same bytes.
"""
import argparse
import fnmatch
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

VERSION = "1.23.2"


def as_tensor(value, name):
    if isinstance(value, onnx.TensorProto):
        return value
    return numpy_helper.from_array(np.asarray(value), name)


def pack(value, type_proto, name):
    """Kind and message of one input or output."""
    kind = type_proto.WhichOneof("value")
    if kind == "sequence_type":
        if isinstance(value, onnx.SequenceProto):
            return "sequence", value
        message = onnx.SequenceProto(name=name, elem_type=onnx.SequenceProto.TENSOR)
        message.tensor_values.extend(as_tensor(v, "") for v in value)
        return "sequence", message
    if kind == "optional_type":
        if isinstance(value, onnx.OptionalProto):
            return "optional", value
        message = onnx.OptionalProto(name=name, elem_type=onnx.OptionalProto.UNDEFINED)
        if value is not None:
            inner_kind, inner = pack(value, type_proto.optional_type.elem_type, "")
            if inner_kind == "sequence":
                message.elem_type = onnx.OptionalProto.SEQUENCE
                message.sequence_value.CopyFrom(inner)
            else:
                message.elem_type = onnx.OptionalProto.TENSOR
                message.tensor_value.CopyFrom(inner)
        return "optional", message
    if kind not in ("tensor_type", None):
        raise ValueError(f"value '{name}' is a {kind}, which this script does not write")
    return "tensor", as_tensor(value, name)


def write_case(case, folder):
    folder.mkdir()
    graph = case.model.graph
    (folder / "model.onnx").write_bytes(case.model.SerializeToString(deterministic=True))
    lines = [f"name {case.name}", "ops " + " ".join(sorted({n.op_type for n in graph.node})),
             f"rtol {case.rtol!r}", f"atol {case.atol!r}"]
    (inputs, outputs), = case.data_sets
    for side, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        if len(values) != len(infos):
            raise ValueError(f"case '{case.name}' has {len(values)} {side}s, its graph {len(infos)}")
        for i, (value, info) in enumerate(zip(values, infos)):
            kind, message = pack(value, info.type, info.name)
            (folder / f"{side}_{i}.pb").write_bytes(message.SerializeToString(deterministic=True))
            lines.append(f"{side} {i} {kind} {info.name}")
    (folder / "case.txt").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names like test_conv*")
    args = parser.parse_args()
    if onnx.__version__ != VERSION:
        sys.exit(f"node_tests.py: onnx is {onnx.__version__}, the list of tests belongs to {VERSION}")
    if args.out.exists() and any(args.out.iterdir()):
        sys.exit(f"node_tests.py: '{args.out}' is not empty")
    args.out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # cases that divide by zero on purpose
        cases = sorted(collect_testcases(None), key=lambda c: c.name)
    cases = [c for c in cases if fnmatch.fnmatch(c.name, args.only)]
    for case in cases:
        write_case(case, args.out / case.name)
    (args.out / "cases.txt").write_text("".join(f"{c.name}\n" for c in cases))
    print(f"{len(cases)} node tests in {args.out} ({time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main()
