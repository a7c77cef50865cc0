"""Calibration data that nobody should feed: a clear error and no file, or a model whose scales are sound, by every way of choosing a range."""
import json
import pathlib
import tempfile
import unittest

import numpy
import onnx

from cli_test import MO, MODEL, mo

# what learns from samples beside ranges of activations
LEARNERS = {
    "int4 activations in 8 bits, adaround": ("--precision", "int4", "--rounding", "adaround"), "int4 activations in 8 bits, ranges": ("--precision", "int4"),
    "int4 weights, gptq": ("--mode", "weight_only", "--precision", "int4", "--rounding", "gptq"),
    "int4 weights, adaround on float inputs": ("--mode", "weight_only", "--precision", "int4", "--rounding", "adaround", "--rounding-inputs", "float"),
    "awq": ("--mode", "weight_only", "--precision", "int4", "--corrections", "awq"), "smoothquant": ("--corrections", "smoothquant"),
    "smoothquant, dynamic": ("--mode", "dynamic", "--corrections", "smoothquant"), "equalization": ("--corrections", "equalization"),
    "biases of weights alone": ("--mode", "weight_only", "--corrections", "bias_correction"), "symmetric int8": ("--activation-type", "int8", "--activation-symmetric"),
    "int16": ("--activation-type", "int16"), "integer operators": ("--format", "qoperator"), "tensorrt": ("--backend", "tensorrt"),
}
METHODS = ("minmax", "percentile", "entropy", "mse", "average", "analytic")


def spoiled(value):
    x = numpy.random.default_rng(5).standard_normal((8, 3, 32, 32)).astype("f")
    x[2, 0, 3, 3] = value
    return x


def pictures(factor=1.0, count=8, channels=3):
    return (numpy.random.default_rng(5).standard_normal((count, channels, 32, 32)) * factor).astype("f")


@unittest.skipUnless(MO.exists(), "mo is not built")
class HostileCalibration(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mo_hostile_")
        self.addCleanup(self.folder.cleanup)
        self.data, self.out = (pathlib.Path(self.folder.name) / n for n in ("data.npz", "int8.onnx"))

    def quantize(self, method, array, *options):
        numpy.savez(self.data, image=array)
        self.out.unlink(missing_ok=True)
        return mo("quantize", MODEL, "--output", self.out, "--data", self.data, "--calibration-method", method, *options, "--threads", "1", "--json")

    def numbers(self):
        return {"one NaN": spoiled(numpy.nan), "one infinity": spoiled(-numpy.inf), "all NaN": numpy.full((4, 3, 32, 32), numpy.nan, "f"),
                "all zero": numpy.zeros((4, 3, 32, 32), "f"), "one sample": pictures(count=1), "one outlier": spoiled(1e30),
                "all huge": pictures(1e37), "all denormal": pictures(1e-40)}

    def test_what_learns_from_samples_writes_finite_numbers_whatever_they_are(self):
        for name, array in self.numbers().items():
            for learner, options in LEARNERS.items():
                with self.subTest(data=name, learner=learner):
                    run = self.quantize("percentile", array, *options)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    for constant in onnx.load(self.out).graph.initializer:
                        array_of = onnx.numpy_helper.to_array(constant)
                        if array_of.dtype == numpy.float32:
                            self.assertTrue(numpy.isfinite(array_of).all(), constant.name)
                            self.assertTrue(not constant.name.endswith(("_scale", "_scales")) or (array_of > 0).all(), constant.name)

    def test_scales_are_sound_whatever_the_numbers(self):
        for name, array in self.numbers().items():
            for method in METHODS:
                with self.subTest(data=name, method=method):
                    run = self.quantize(method, array)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    warnings = json.loads(run.stdout)["warnings"]
                    self.assertEqual(any(("NaN" in w or "zero in every" in w) for w in warnings), name.split()[1] in ("NaN", "infinity", "zero"), warnings)
                    graph = onnx.load(self.out).graph
                    used = {i for n in graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear") for i in n.input[1:2]}
                    scales = [onnx.numpy_helper.to_array(i) for i in graph.initializer if i.name in used]
                    self.assertTrue(scales)
                    for scale in scales:
                        self.assertTrue(numpy.isfinite(scale).all() and (scale > 0).all())

    def test_data_that_do_not_fit_are_refused_and_nothing_is_written(self):
        cases = {"empty": (pictures(count=0), "no sample"), "channels": (pictures(channels=2), "image"), "rank": (pictures()[0], "image"),
                 "text": (numpy.zeros((2, 3, 32, 32), "U3"), "<U3")}
        for name, (array, about) in cases.items():
            for method in METHODS:
                with self.subTest(data=name, method=method):
                    run = self.quantize(method, array)
                    self.assertEqual(run.returncode, 1)
                    self.assertIn(about, run.stderr)
                    self.assertFalse(self.out.exists())
            for learner, options in LEARNERS.items():
                with self.subTest(data=name, learner=learner):
                    run = self.quantize("minmax", array, *options)
                    if name == "empty" and "--mode" in options and run.returncode == 0:  # weights need no samples: what would have learned from them says so
                        self.assertTrue(any("samples" in w for w in json.loads(run.stdout)["warnings"]), run.stdout)
                        continue
                    self.assertEqual(run.returncode, 1)
                    self.assertIn("sample" if name == "empty" else about, run.stderr)
                    self.assertFalse(self.out.exists())


if __name__ == "__main__":
    unittest.main()
