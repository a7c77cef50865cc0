"""Quantized files load in ONNX Runtime and OpenVINO and score there what they score here."""
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
    import openvino as ov
except ImportError:
    onnx = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
MO = BUILD / "bin/mo"
SHARED = ROOT.parent / "shared"
KWS = SHARED / "data/kws/kws1000.npz"
CALIBRATED = 200  # samples of KWS that are calibrated on; the rest is scored


def has_exact_products():
    """Where an x86 processor has no VNNI, ONNX Runtime saturates sums of uint8 x int8 products, and OpenVINO's results are farther off too."""
    path = pathlib.Path("/proc/cpuinfo")
    flags = path.read_text() if path.exists() else ""
    return "avx" not in flags or "avx512_vnni" in flags or "avx_vnni" in flags


# What keeps the peers exact: weights of 7 bits where they would saturate.
EXACT = [] if has_exact_products() else ["--reduce-range"]


def mo(*args):
    run = subprocess.run([MO, *map(str, args), "--threads", "1", "--json"], capture_output=True, text=True)
    if run.returncode:
        raise AssertionError(run.stderr)
    return json.loads(run.stdout)


def top1(run, inputs, labels):
    hits = sum(int((run(inputs[i:i + 100]).argmax(1) == labels[i:i + 100]).sum()) for i in range(0, len(labels), 100))
    return hits / len(labels)


@unittest.skipIf(onnx is None, "onnx, onnxruntime or openvino is not installed")
class Shapes(unittest.TestCase):
    """The model that ships with the project: needs nothing else."""

    FORMS = (  # options, whether they need data, who refuses the form
        ("--precision int8", True, ""), ("--activation-type int8 --activation-symmetric", True, ""), ("--granularity per_tensor", True, ""), ("--precision fp16", False, ""),
        ("--activation-type int16", True, ""), ("--precision int4", True, ""), ("--mode dynamic", False, ""), ("--mode dynamic --activation-scale per_token", False, ""),
        ("--mode weight_only", False, ""), ("--mode weight_only --precision int4", False, ""), ("--mode weight_only --precision uint4 --weight-symmetric false", False, ""),
        ("--mode weight_only --precision int4 --backend openvino", False, ""), ("--backend tensorrt", True, ""), ("--backend portable", True, ""),
        ("--format qoperator", True, "openvino"), ("--rounding adaround --corrections bias_correction --corrections equalization", True, ""),
    )

    def test_each_form_loads_elsewhere(self):
        shapes = ROOT / "examples/shapes"
        with tempfile.TemporaryDirectory() as folder:
            for options, needs_data, refused in self.FORMS:
                with self.subTest(options=options):
                    out = pathlib.Path(folder) / "q.onnx"
                    data = ["--data", shapes / "calib.yaml"] if needs_data else []
                    exact = EXACT if needs_data and "backend" not in options and "int16" not in options else []
                    mo("quantize", shapes / "shapes.onnx", "--output", out, *data, *options.split(), *exact)
                    if "com.microsoft" not in {o.domain for o in onnx.load(str(out)).opset_import}:
                        onnx.checker.check_model(str(out), full_check=True)
                    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)
                    theirs = ort.InferenceSession(str(out), providers=["CPUExecutionProvider"]).run(None, {"image": x})[0]
                    also = theirs if refused == "openvino" else ov.Core().compile_model(str(out), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({"image": x})[0]
                    np.savez(pathlib.Path(folder) / "x.npz", image=x)
                    mo("run", out, "--inputs", pathlib.Path(folder) / "x.npz", "--output", pathlib.Path(folder) / "y.npz")
                    ours = np.load(pathlib.Path(folder) / "y.npz")["logits"]
                    spread = theirs.max() - theirs.min()
                    self.assertLess(np.abs(ours - theirs).max(), 0.1 * spread)
                    self.assertLess(np.abs(ours - also).max(), 0.1 * spread)


    @unittest.skipIf(has_exact_products(), "this processor multiplies uint8 by int8 exactly")
    def test_a_file_that_saturates_elsewhere_comes_with_a_warning_and_the_ways_out(self):
        shapes = ROOT / "examples/shapes"
        with tempfile.TemporaryDirectory() as folder:
            for options, warned in (([], True), (["--reduce-range"], False), (["--precision", "uint8"], False), (["--activation-type", "int16"], False), (["--backend", "portable"], False)):
                with self.subTest(options=options):
                    report = mo("quantize", shapes / "shapes.onnx", "--output", pathlib.Path(folder) / "q.onnx", "--data", shapes / "calib.yaml", "--samples", 40, *options)
                    self.assertEqual(any("saturate" in w and "no VNNI" in w for w in report["warnings"]), warned, report["warnings"])

    def test_fp8_activations_need_graph_optimizations_off_in_onnx_runtime(self):
        """What docs/quantization.md says of fp8: when the default level takes such a file one day, this fails and the page changes."""
        shapes = ROOT / "examples/shapes"
        x = np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)

        def session(path, level=ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
            options = ort.SessionOptions()
            options.graph_optimization_level, options.log_severity_level = level, 4
            return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, {"image": x})[0]

        exact = session(shapes / "shapes.onnx")
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "q.onnx"
            for options in ("--precision fp8_e4m3", "--precision fp8_e5m2", "--activation-type fp8_e4m3"):
                with self.subTest(options=options):
                    report = mo("quantize", shapes / "shapes.onnx", "--output", out, "--data", shapes / "calib.yaml", "--samples", 40, *options.split())
                    self.assertTrue(any("graph optimizations off" in w for w in report["warnings"]), report["warnings"])
                    onnx.checker.check_model(str(out), full_check=True)
                    with self.assertRaisesRegex(Exception, "float8|zero_point of 1[79]"):
                        session(out)
                    np.savez(pathlib.Path(folder) / "x.npz", image=x)
                    mo("run", out, "--inputs", pathlib.Path(folder) / "x.npz", "--output", pathlib.Path(folder) / "y.npz")
                    ours = np.load(pathlib.Path(folder) / "y.npz")["logits"]
                    self.assertLess(np.abs(ours - session(out, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)).max(), 1e-3 * np.ptp(exact))
                    also = ov.Core().compile_model(str(out), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({"image": x})[0]
                    self.assertLess(np.abs(ours - also).max(), 0.2 * np.ptp(exact))
            report = mo("quantize", shapes / "shapes.onnx", "--output", out, "--mode", "weight_only", "--precision", "fp8_e4m3")
            self.assertEqual(report["warnings"], [])
            self.assertLess(np.abs(session(out) - exact).max(), 0.1 * np.ptp(exact))


@unittest.skipIf(onnx is None, "onnx, onnxruntime or openvino is not installed")
@unittest.skipUnless(KWS.exists(), "../shared is absent")
class Keywords(unittest.TestCase):
    def test_int8_loses_at_most_half_a_point_and_scores_the_same_everywhere(self):
        model = SHARED / "models/kws_dscnn.onnx"
        data = np.load(KWS)
        inputs, labels = data["input"][CALIBRATED:], data["label"][CALIBRATED:]
        with tempfile.TemporaryDirectory() as folder:
            for method in ("minmax", "percentile", "entropy", "mse"):
                with self.subTest(method=method):
                    out = pathlib.Path(folder) / "q.onnx"
                    mo("quantize", model, "--output", out, "--data", KWS, "--samples", CALIBRATED, "--batch-size", 50, "--calibration", method, *EXACT)
                    before, after = (mo("evaluate", m, "--data", KWS, "--metric", "top1", "--skip", CALIBRATED, "--batch-size", 100)["value"] for m in (model, out))
                    self.assertGreaterEqual(after, before - 0.005)
                    session = ort.InferenceSession(str(out), providers=["CPUExecutionProvider"])
                    self.assertAlmostEqual(top1(lambda x: session.run(None, {"input": x})[0], inputs, labels), after, delta=0.005)
                    compiled = ov.Core().compile_model(str(out), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
                    self.assertAlmostEqual(top1(lambda x: compiled({"input": x})[0], inputs, labels), after, delta=0.005)


if __name__ == "__main__":
    unittest.main()
