"""Files of integer operators: those that libmo writes load in ONNX Runtime and answer alike there, and those of ONNX Runtime's own tool do here."""
import collections
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    from onnxruntime import quantization as theirs
    from PIL import Image
except ImportError:
    onnx = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
MO = BUILD / "bin/mo"
SHARED = next((p / "shared" for p in ROOT.parents if (p / "shared/models").is_dir()), ROOT)
PICTURES = SHARED / "data/imagenet500"
CALIBRATED, SCORED = 4, 10
# model: height and width of its pictures
MODELS = {"resnet20_cifar10": (32, 32), "resnet56_cifar10": (32, 32), "mobilenet_v2_224": (224, 224), "nanodet_m": (416, 416), "ultraface_rfb320": (240, 320)}


def mo(*args):
    run = subprocess.run([MO, *map(str, args), "--threads", "1", "--json"], capture_output=True, text=True)
    if run.returncode:
        raise AssertionError(run.stderr)
    return json.loads(run.stdout)


def pictures(size, count):
    """Real photographs: noise reaches neither bounds nor the far ends of a range."""
    files = sorted(PICTURES.glob("**/*.*"))[:: 500 // count][:count]
    x = np.stack([np.asarray(Image.open(f).convert("RGB").resize(size[::-1]), np.float32) for f in files])
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2) / 127.5 - 1)


class Reader(theirs.CalibrationDataReader if onnx else object):
    def __init__(self, name, x):
        self.rows = iter([{name: x[i:i + 1]} for i in range(len(x))])

    def get_next(self):
        return next(self.rows, None)


@unittest.skipIf(onnx is None, "onnx, onnxruntime or pillow is not installed")
@unittest.skipUnless(PICTURES.exists(), "../shared is absent")
class Integers(unittest.TestCase):
    def rounding(self, path, folder):
        """The file with linear Resize between DequantizeLinear and QuantizeLinear, for ONNX Runtime: on integers it drops the fraction there, where the
        reference evaluator of ONNX, and libmo, round."""
        model = onnx.load(str(path))
        nodes = list(model.graph.node)
        del model.graph.node[:]
        for n in nodes:
            cuts = n.op_type == "Resize" and any(a.name == "mode" and a.s == b"linear" for a in n.attribute)
            if cuts:
                x, y = n.input[0], n.output[0]
                n.input[0], n.output[0] = x + " float", y + " float"
                model.graph.node.append(onnx.helper.make_node("DequantizeLinear", [x, "of one", "at zero"], [n.input[0]]))
            model.graph.node.append(n)
            if cuts:
                model.graph.node.append(onnx.helper.make_node("QuantizeLinear", [n.output[0], "of one", "at zero"], [y]))
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(1), "of one"))
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.uint8(0), "at zero"))
        onnx.save(model, str(folder / "rounding.onnx"))
        return folder / "rounding.onnx"

    def answers(self, path, name, x, folder, theirs=None):
        """Outputs of ONNX Runtime (for the file `theirs` where there is one) and of libmo, one picture after the other."""
        options = ort.SessionOptions()  # exact where there is no VNNI, where sums of uint8 x int8 saturate otherwise
        options.add_session_config_entry("session.x64quantprecision", "1")
        session = ort.InferenceSession(str(theirs or path), options, providers=["CPUExecutionProvider"])
        rows = []
        for i in range(len(x)):
            np.savez(folder / "x.npz", **{name: x[i:i + 1]})
            mo("run", path, "--inputs", folder / "x.npz", "--output", folder / "y.npz")
            made = np.load(folder / "y.npz")
            rows.append([(o.name, w, made[o.name]) for o, w in zip(session.get_outputs(), session.run(None, {name: x[i:i + 1]}))])
        return rows

    def between(self, path):
        """Operators that ONNX Runtime has an integer form of and that are left between DequantizeLinear and QuantizeLinear."""
        graph = onnx.load(str(path)).graph
        maker = {o: n.op_type for n in graph.node for o in n.output}
        readers = collections.defaultdict(list)
        for n in graph.node:
            for i in n.input:
                readers[i].append(n.op_type)
        known = {"Conv", "MatMul", "Gemm", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "Sigmoid", "LeakyRelu", "MaxPool", "Reshape", "Transpose"}
        return [n.op_type for n in graph.node if n.op_type in known and readers[n.output[0]] == ["QuantizeLinear"] and all(maker.get(i) == "DequantizeLinear" for i in n.input)]

    def alike(self, rows):
        """Checks that outputs differ by noise far below that of quantization; the share of rows with the same largest entry, where it is clearly the largest."""
        same = total = 0
        for at, name in enumerate(name for name, _, _ in rows[0]):
            w, y = (np.stack([row[at][k] for row in rows]).astype(np.float64) for k in (1, 2))
            self.assertGreater(10 * np.log10((w**2).sum() / max(((w - y)**2).sum(), 1e-12)), 25, name)
            a, b = w.reshape(-1, w.shape[-1]), y.reshape(-1, w.shape[-1])
            top = np.sort(a, 1)
            sure = top[:, -1] - top[:, -2] > 0.05 * np.ptp(w)
            same, total = same + int((a.argmax(1) == b.argmax(1))[sure].sum()), total + int(sure.sum())
        self.assertGreater(total, 0)
        return same / total

    def test_what_libmo_writes(self):
        for model, size in MODELS.items():
            with self.subTest(model=model), tempfile.TemporaryDirectory() as at:
                folder, source = pathlib.Path(at), SHARED / f"models/{model}.onnx"
                name = ort.InferenceSession(str(source)).get_inputs()[0].name
                np.savez(folder / "c.npz", **{name: pictures(size, CALIBRATED)})
                files = {}
                for kind in ("qdq", "qoperator"):
                    files[kind] = folder / f"{kind}.onnx"
                    # 7 bits: processors without VNNI saturate sums of uint8 by int8 products in ONNX Runtime
                    mo("quantize", source, "--output", files[kind], "--data", folder / "c.npz", "--batch-size", 1, "--format", kind, "--reduce-range", "true")
                ops = collections.Counter(n.op_type for n in onnx.load(str(files["qoperator"])).graph.node)
                self.assertEqual(self.between(files["qoperator"]), [])
                before = collections.Counter(n.op_type for n in onnx.load(str(files["qdq"])).graph.node)
                if before["LeakyRelu"] == 0:  # which stays in float between a convolution and its QuantizeLinear
                    self.assertGreater(ops["QLinearConv"], 0.8 * before["Conv"], ops)
                    self.assertLess(ops["QuantizeLinear"], 0.1 * before["QuantizeLinear"] + 2, ops)
                x = pictures(size, SCORED)
                rows = {kind: self.answers(path, name, x, folder) for kind, path in files.items()}
                self.assertGreaterEqual(self.alike(rows["qoperator"]), 0.99)
                # libmo runs both forms by the same steps
                for a, b in zip(rows["qdq"], rows["qoperator"]):
                    for (output, _, p), (_, _, q) in zip(a, b):
                        np.testing.assert_array_equal(p, q, output)

    def test_what_the_tool_of_onnxruntime_writes(self):
        for model, size in MODELS.items():
            for per_channel in (False, True):
                with self.subTest(model=model, per_channel=per_channel), tempfile.TemporaryDirectory() as at:
                    folder, source = pathlib.Path(at), SHARED / f"models/{model}.onnx"
                    name = ort.InferenceSession(str(source)).get_inputs()[0].name
                    theirs.quantize_static(str(source), str(folder / "q.onnx"), Reader(name, pictures(size, CALIBRATED)), quant_format=theirs.QuantFormat.QOperator,
                                           per_channel=per_channel, reduce_range=True, weight_type=theirs.QuantType.QInt8, activation_type=theirs.QuantType.QUInt8)
                    rows = self.answers(folder / "q.onnx", name, pictures(size, SCORED), folder, self.rounding(folder / "q.onnx", folder))
                    self.assertGreaterEqual(self.alike(rows), 0.99)


if __name__ == "__main__":
    unittest.main()
