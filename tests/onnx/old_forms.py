"""Small models in old operator forms, and with the structure that the reader takes apart (functions, scopes, sparse tensors)."""
import numpy as np
import onnx
import onnx.helper as h
import onnx.numpy_helper as nh
from onnx import TensorProto as T


def model(opset, nodes, inputs, outputs, initializers=(), ir=None, domains=(), functions=(), sparse=(), types=False):
    """inputs: name -> (type, shape); outputs: name -> type. No value types inside unless `types`."""
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info(n, t, s) for n, (t, s) in inputs.items()],
                         [h.make_tensor_value_info(n, t, None) for n, t in outputs.items()], list(initializers))
    for s in sparse:
        graph.sparse_initializer.append(s)
    imports = [h.make_opsetid("", opset)] + [h.make_opsetid(d, 1) for d in domains]
    m = h.make_model(graph, opset_imports=imports, ir_version=ir or (4 if opset < 11 else 8), functions=list(functions))
    inferred = onnx.shape_inference.infer_shapes(m)
    if types:
        return inferred
    for out, known in zip(m.graph.output, inferred.graph.output):  # the checker wants shapes of outputs
        out.CopyFrom(known)
        if not out.type.tensor_type.HasField("shape"):
            out.type.tensor_type.shape.SetInParent()
            del out.type.tensor_type.shape.dim[:]
            m.metadata_props.add(key="shapeless", value="1")
    return m


def simple(opset, op, shape=(2, 3, 4), kind=T.FLOAT, constants=(), outputs=None, domain="", **attributes):
    """One node on input x and constant further inputs, behind a Neg, so that its type is not in the file."""
    names = [f"c{i}" if c is not None else "" for i, c in enumerate(constants)]
    outs = outputs or {"y": kind}
    nodes = [h.make_node("Neg", ["x"], ["z"]), h.make_node(op, ["z", *names], list(outs), name=f"the_{op}", domain=domain, **attributes)]
    inits = [nh.from_array(np.asarray(c), f"c{i}") for i, c in enumerate(constants) if c is not None]
    return model(opset, nodes, {"x": (kind, shape)}, outs, inits, domains=(domain,) if domain else ())


f32 = np.float32


def legal_cases():
    rng = np.random.default_rng(3)
    r = lambda *s: rng.standard_normal(s).astype(f32)
    yield "clip_6", simple(6 + 1, "Clip", min=-0.5, max=0.25)
    yield "clip_6_low", simple(9, "Clip", min=0.0)
    yield "clip_6_none", simple(9, "Clip")
    yield "pad_2", simple(9, "Pad", pads=[0, 1, 0, 1, 0, 2], value=1.5)
    yield "pad_2_zero", simple(9, "Pad", pads=[0, 1, 0, 1, 0, 2])
    yield "pad_2_reflect", simple(9, "Pad", pads=[0, 1, 0, 0, 0, 2], mode="reflect")
    for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"):
        yield f"{op}_11", simple(11, op, axes=[1, -1], keepdims=0)
        yield f"{op}_11_all", simple(11, op)
    yield "reducelogsum_11", model(11, [h.make_node("Exp", ["x"], ["z"]), h.make_node("ReduceLogSum", ["z"], ["y"], axes=[0])], {"x": (T.FLOAT, (2, 3))}, {"y": T.FLOAT})
    yield "squeeze_11", simple(11, "Squeeze", shape=(1, 3, 1), axes=[0])
    yield "squeeze_11_all", simple(11, "Squeeze", shape=(1, 3, 1))
    yield "unsqueeze_11", simple(11, "Unsqueeze", axes=[0, -1])
    yield "split_11", simple(11, "Split", shape=(2, 6), axis=1, split=[1, 2, 3], outputs={"a": T.FLOAT, "b": T.FLOAT, "c": T.FLOAT})
    yield "split_11_equal", simple(11, "Split", shape=(2, 6), axis=1, outputs={"a": T.FLOAT, "b": T.FLOAT, "c": T.FLOAT})
    yield "split_13_equal", simple(13, "Split", shape=(2, 6), axis=1, outputs={"a": T.FLOAT, "b": T.FLOAT})
    yield "slice_9", simple(9, "Slice", starts=[1, -3], ends=[2, 1000], axes=[0, 2])
    yield "slice_9_plain", simple(9, "Slice", starts=[0, 1], ends=[1, 3])
    yield "topk_9", simple(9, "TopK", k=2, axis=1, outputs={"v": T.FLOAT, "i": T.INT64})
    yield "topk_10", simple(10, "TopK", constants=[np.array([2], np.int64)], axis=-1, outputs={"v": T.FLOAT, "i": T.INT64})
    yield "dropout_7", simple(7, "Dropout", ratio=0.3)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for axis in (0, 1, 2, -1, -2):
            if op != "Hardmax" or axis != 0:
                yield f"{op}_11_{axis}", simple(11, op, axis=axis)
        yield f"{op}_9_default", simple(9, op)
        yield f"{op}_13", simple(13, op, axis=1)
    yield "softmax_typed", model(11, [h.make_node("Softmax", ["x"], ["y"])], {"x": (T.FLOAT, (2, 3))}, {"y": T.FLOAT}, types=True)
    bn = [np.abs(r(3)) + 0.5, r(3), r(3), np.abs(r(3)) + 0.5]
    yield "batchnorm_7", simple(7, "BatchNormalization", constants=bn, epsilon=1e-3)
    yield "batchnorm_9", simple(9, "BatchNormalization", constants=bn)
    yield "batchnorm_14", simple(14, "BatchNormalization", constants=bn)
    scales = np.array([1, 1, 2, 3], f32)
    yield "upsample_7", simple(7, "Upsample", shape=(1, 1, 3, 4), scales=[1.0, 1.0, 2.0, 3.0], mode="nearest")
    yield "upsample_9", simple(9, "Upsample", shape=(1, 1, 3, 4), constants=[scales], mode="nearest")
    yield "upsample_9_linear", simple(9, "Upsample", shape=(1, 1, 3, 4), constants=[scales], mode="linear")
    yield "resize_10_up", simple(10, "Resize", shape=(1, 1, 3, 4), constants=[scales], mode="nearest")
    yield "resize_10_down", simple(10, "Resize", shape=(1, 1, 6, 9), constants=[np.array([1, 1, 0.6, 0.5], f32)], mode="nearest")
    yield "resize_10_linear", simple(10, "Resize", shape=(1, 1, 6, 9), constants=[np.array([1, 1, 0.6, 1.5], f32)], mode="linear")
    yield "resize_11", simple(11, "Resize", shape=(1, 1, 3, 4), constants=[np.zeros(0, f32), scales], mode="linear", coordinate_transformation_mode="align_corners")
    yield "resize_11_sizes", simple(11, "Resize", shape=(1, 1, 3, 4), constants=[np.zeros(0, f32), np.zeros(0, f32), np.array([1, 1, 5, 6], np.int64)], mode="nearest")
    yield "gridsample_16", simple(16, "GridSample", shape=(1, 1, 4, 4), constants=[rng.uniform(-1, 1, (1, 3, 3, 2)).astype(f32)], mode="bicubic")
    yield "groupnorm_18", simple(18, "GroupNormalization", shape=(2, 6, 3), constants=[r(3), r(3)], num_groups=3)
    yield "dft_17", simple(17, "DFT", shape=(1, 4, 6, 1), axis=2)
    yield "roialign_10", simple(10, "RoiAlign", shape=(1, 1, 8, 8), constants=[np.array([[1, 1, 5, 6]], f32), np.array([0], np.int64)], output_height=2, output_width=2, sampling_ratio=2)
    yield "scatter_9", simple(9, "Scatter", constants=[np.array([[[1, 0, 1, 0]]], np.int64), r(1, 1, 4)], axis=0)
    yield "constantofshape_9", model(9, [h.make_node("Shape", ["x"], ["s"]), h.make_node("ConstantOfShape", ["s"], ["y"], value=h.make_tensor("v", T.INT64, [1], [7]))], {"x": (T.FLOAT, (2, 3))}, {"y": T.INT64})
    yield "rnn_7", simple(7, "LSTM", shape=(4, 1, 3), constants=[r(1, 8, 3), r(1, 8, 2)], hidden_size=2, outputs={"y": T.FLOAT})
    body = h.make_graph([h.make_node("Add", ["s", "e"], ["t"]), h.make_node("Identity", ["t"], ["o"])], "body",
                        [h.make_tensor_value_info("s", T.FLOAT, [2]), h.make_tensor_value_info("e", T.FLOAT, [2])],
                        [h.make_tensor_value_info("t", T.FLOAT, [2]), h.make_tensor_value_info("o", T.FLOAT, [2])])
    yield "scan_8", model(8, [h.make_node("Scan", ["", "s0", "x"], ["sn", "y"], body=body, num_scan_inputs=1)],
                          {"s0": (T.FLOAT, (3, 2)), "x": (T.FLOAT, (3, 4, 2))}, {"sn": T.FLOAT, "y": T.FLOAT})
    yield "ms_gelu", simple(17, "Gelu", domain="com.microsoft")
    yield "ms_biasgelu", simple(17, "BiasGelu", domain="com.microsoft", constants=[r(4)])
    yield "ms_fastgelu", simple(17, "FastGelu", domain="com.microsoft", constants=[r(4)])
    yield "ms_quickgelu", simple(17, "QuickGelu", domain="com.microsoft", alpha=1.3)
    yield "ms_fusedmatmul", simple(17, "FusedMatMul", domain="com.microsoft", constants=[r(2, 5, 3)], transA=1, transB=1, alpha=0.5)
    yield "ms_fusedgemm", simple(17, "FusedGemm", shape=(2, 3), domain="com.microsoft", constants=[r(3, 4), r(4)], activation="Relu")
    for case in qlinear_cases(rng):
        yield case
    yield "ms_skiplayernorm", simple(17, "SkipLayerNormalization", domain="com.microsoft", constants=[r(2, 3, 4), r(4), r(4), r(4)], epsilon=1e-5)


def qlinear_cases(rng):
    """ONNX Runtime's integer operators between a QuantizeLinear and a DequantizeLinear, unsigned and signed; no scale that makes ties."""
    for kind in (np.uint8, np.int8):
        scale, zero, other = np.asarray(0.0317, f32), np.asarray(7, kind), rng.integers(0, 100, (2, 3, 4, 4)).astype(kind)
        result, mid, yes = np.asarray(0.0473, f32), np.asarray(11, kind), rng.integers(0, 2, (2, 3, 4, 4)).astype(bool)

        def case(op, between=("q", "s", "z"), last=("rs", "rz"), first=(), name="", step=result, **attributes):
            names = {"s": scale, "z": zero, "o": other, "rs": step, "rz": mid, "cond": yes, "w": rng.integers(0, 100, (5, 96)).astype(kind),
                     "ws": rng.uniform(0.01, 0.02, 5).astype(f32), "wz": np.zeros(5, kind), "b": rng.integers(-900, 900, 5).astype(np.int32)}
            used = [*first, *between, *last]
            nodes = [h.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]), h.make_node(op, used, ["r"], name=f"the_{op}", domain="com.microsoft", **attributes),
                     h.make_node("DequantizeLinear", ["r", "rs", "rz"], ["y"])]
            shape = (2, 3, 4, 4)
            if op == "QGemm":
                shape = (2, 96)
            inits = [nh.from_array(v, k) for k, v in names.items() if k in {*used, "s", "z", "rs", "rz"}]
            return f"ms_{op}{name}_{np.dtype(kind).name}", model(17, nodes, {"x": (T.FLOAT, shape)}, {"y": T.FLOAT}, inits, domains=("com.microsoft",))

        pair = ("q", "s", "z", "o", "s", "z")
        yield case("QLinearAdd", pair)
        yield case("QLinearMul", pair)
        yield case("QLinearSigmoid")
        yield case("QLinearLeakyRelu", alpha=0.2)
        yield case("QLinearGlobalAveragePool")
        yield case("QLinearAveragePool", kernel_shape=[2, 2], strides=[2, 2])
        yield case("QLinearSoftmax", axis=-1, opset=13)
        yield case("QLinearSoftmax", axis=3, opset=11, name="last")
        # the operator rounds the inverse of its scale down, what it becomes does not
        yield case("QLinearSoftmax", axis=2, opset=11, name="matrix", step=np.asarray(1 / 64, f32))
        yield case("QLinearConcat", pair, (), ("rs", "rz"), axis=1)
        yield case("QLinearWhere", pair, first=("cond",))
        yield case("QGemm", ("q", "s", "z", "w", "ws", "wz", "b"), transB=1)
    weights, scales, zeros = rng.integers(-100, 100, (4, 5)).astype(np.int8), rng.uniform(0.01, 0.02, 5).astype(f32), np.zeros(5, np.int8)
    made = {"w": weights, "ws": scales, "wz": zeros, "b": rng.standard_normal(5).astype(f32), "s": np.asarray(0.0317, f32), "z": np.asarray(7, np.uint8)}
    product = h.make_node("MatMulIntegerToFloat", ["q", "w", "s", "ws", "z", "wz", "b"], ["y"], name="product", domain="com.microsoft")
    for name, quantizer in (("fixed", h.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])), ("dynamic", h.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]))):
        inits = [nh.from_array(v, k) for k, v in made.items() if name == "fixed" or k not in "sz"]
        yield f"ms_MatMulIntegerToFloat_{name}", model(17, [quantizer, product], {"x": (T.FLOAT, (2, 3, 4))}, {"y": T.FLOAT}, inits, domains=("com.microsoft",))
    inits = [nh.from_array(v, k) for k, v in made.items() if k not in "sz"]
    yield "ms_DynamicQuantizeMatMul", model(17, [h.make_node("DynamicQuantizeMatMul", ["x", "w", "ws", "wz", "b"], ["y"], name="product", domain="com.microsoft")],
                                            {"x": (T.FLOAT, (2, 3, 4))}, {"y": T.FLOAT}, inits, domains=("com.microsoft",))


def structure_cases():
    x = {"x": (T.FLOAT, (2, 3))}
    # functions: nested, attribute references with a default, an output that is an input, an omitted input
    inner = h.make_function("own", "leaky", ["a"], ["b"], [h.make_node("LeakyRelu", ["a"], ["b"])], [h.make_opsetid("", 17)], ["slope"])
    inner.node[0].attribute.append(reference("alpha", "slope"))
    outer = h.make_function("own", "two", ["a", "unused"], ["b", "same"],
                            [h.make_node("leaky", ["a"], ["t"], domain="own", slope=0.5), h.make_node("leaky", ["t"], ["b"], domain="own"), h.make_node("Identity", ["a"], ["same"])],
                            [h.make_opsetid("", 17), h.make_opsetid("own", 1)])
    yield "functions", model(17, [h.make_node("two", ["x"], ["y", "z"], domain="own"), h.make_node("two", ["y"], ["w", "v"], domain="own")], x, {"y": T.FLOAT, "z": T.FLOAT, "w": T.FLOAT, "v": T.FLOAT},
                             domains=("own",), functions=(inner, outer))
    # captures through two levels, and a branch that hands an outer value on
    deep = h.make_graph([h.make_node("Add", ["x", "k"], ["d"])], "deep", [], [h.make_tensor_value_info("d", T.FLOAT, None)])
    deep2 = h.make_graph([h.make_node("Mul", ["x", "k"], ["d2"])], "deep2", [], [h.make_tensor_value_info("d2", T.FLOAT, None)])
    then = h.make_graph([h.make_node("Constant", [], ["k"], value_float=2.0), h.make_node("If", ["c"], ["t"], then_branch=deep, else_branch=deep2)], "then", [],
                        [h.make_tensor_value_info("t", T.FLOAT, None)])
    other = h.make_graph([h.make_node("Identity", ["x"], ["e"])], "else", [], [h.make_tensor_value_info("e", T.FLOAT, None)])
    yield "captures", model(17, [h.make_node("ReduceSum", ["x"], ["sum"], keepdims=0), h.make_node("Greater", ["sum", "zero"], ["c"]),
                                 h.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)], x, {"y": T.FLOAT}, [nh.from_array(np.zeros((), f32), "zero")])
    # initializers that are inputs too (IR 3), nodes whose constants come in every form
    m = model(9, [h.make_node("Add", ["x", "w"], ["y"])], {**x, "w": (T.FLOAT, (3,))}, {"y": T.FLOAT}, [nh.from_array(np.ones(3, f32), "w")], ir=3)
    yield "defaults", m
    consts = [h.make_node("Constant", [], ["a"], value_float=1.5), h.make_node("Constant", [], ["b"], value_floats=[1.0, 2.0, 3.0]),
              h.make_node("Constant", [], ["i"], value_ints=[0]), h.make_node("Constant", [], ["s"], sparse_value=sparse("v", [4.0], [2], [3]))]
    yield "constants", model(17, [*consts, h.make_node("Add", ["x", "a"], ["p"]), h.make_node("Mul", ["p", "b"], ["q"]), h.make_node("Add", ["q", "s"], ["r"]),
                                  h.make_node("ReduceSum", ["r", "i"], ["y"])], x, {"y": T.FLOAT})
    yield "sparse", model(17, [h.make_node("Add", ["x", "sp"], ["y"])], x, {"y": T.FLOAT}, sparse=[sparse("sp", [1.0, 2.0], [[0, 1], [1, 2]], [2, 3])])


def sparse(name, values, indices, dims):
    s = onnx.SparseTensorProto()
    s.values.CopyFrom(nh.from_array(np.array(values, f32), name))
    s.indices.CopyFrom(nh.from_array(np.array(indices, np.int64), name + "_indices"))
    s.dims.extend(dims)
    return s


def storage_cases():
    """Every dtype, raw and in typed fields; the graph casts it to float where ONNX Runtime can."""
    for kind in range(1, 29):
        if kind == T.STRING:
            continue
        name = T.DataType.Name(kind)
        complex_kind = kind in (T.COMPLEX64, T.COMPLEX128)
        dtype = h.tensor_dtype_to_np_dtype(kind)
        values = np.array([0, 1, 1, 0, 1], f32).astype(np.complex64 if complex_kind else f32).astype(dtype)
        typed = h.make_tensor("t", kind, [5], [complex(v) if complex_kind else float(v) if not isinstance(v, (int, np.integer)) else int(v) for v in values.tolist()])
        yield name, kind, typed, nh.from_array(values, "t")


def reference(attribute, argument):
    a = h.make_attribute_ref(attribute, onnx.AttributeProto.FLOAT)
    a.ref_attr_name = argument
    return a
