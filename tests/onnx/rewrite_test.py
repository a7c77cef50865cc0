"""What libmo writes is a model to others: onnx.checker passes it, ONNX Runtime loads it and computes the same numbers as from the original."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    import old_forms
except ImportError:
    onnx = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
SHARED = next((p / "shared" for p in ROOT.parents if (p / "shared/models").is_dir()), None)
SIZES = {"batch": 2, "sequence": 7}  # for symbolic dims; anything else becomes 1
SHAPES = {"silero_vad.onnx": {"input": [1, 576], "state": [2, 1, 128]}, "silero_vad_op18.onnx": {"input": [1, 576], "state": [2, 1, 128]}}


def session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds(s, model="", seed=1):
    rng = np.random.default_rng(seed)
    out = {}
    for i in s.get_inputs():
        shape = SHAPES.get(model, {}).get(i.name) or [d if isinstance(d, int) and d > 0 else SIZES.get(str(d), 1) for d in i.shape]
        kind = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
                "tensor(bool)": np.bool_, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8}[i.type]
        low = i.name == "sr" and 16000 or 0
        values = rng.standard_normal(shape) if np.issubdtype(kind, np.floating) else rng.integers(low, low + 2 - (low > 0), shape) if low == 0 else np.full(shape, low)
        out[i.name] = np.asarray(values, dtype=kind)
    return out


@unittest.skipUnless(onnx, "onnx, onnxruntime and numpy are not installed")
class Rewrite(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run(["cmake", "--build", str(BUILD), "--target", "mo_rewrite", "-j", os.environ.get("JOBS", "2")], capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError((made.stdout + made.stderr)[-2000:])

    def rewrite(self, source, target, *flags):
        run = subprocess.run([str(BUILD / "bin/mo_rewrite"), *flags, str(source), str(target)], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)

    def same_numbers(self, a, b, model=""):
        inputs = feeds(a, model)
        self.assertEqual([o.name for o in a.get_outputs()], [o.name for o in b.get_outputs()])
        for name, x, y in zip([o.name for o in a.get_outputs()], a.run(None, inputs), b.run(None, inputs)):
            self.assertEqual((x.dtype, x.shape), (y.dtype, y.shape), name)
            if np.issubdtype(x.dtype, np.floating):
                np.testing.assert_allclose(y, x, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(x).max(initial=0))), err_msg=name)
            else:
                np.testing.assert_array_equal(y, x, err_msg=name)

    @unittest.skipUnless(SHARED, "../shared/models is absent")
    def test_real_models(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in sorted((SHARED / "models").glob("*.onnx")):
                for flags in ((), ("--outside",)):
                    with self.subTest(model=path.name, flags=flags):
                        target = pathlib.Path(folder) / path.name
                        self.rewrite(path, target, *flags)
                        onnx.checker.check_model(str(target), full_check=True)
                        self.same_numbers(session(path), session(target), path.name)

    def test_old_forms_and_structure(self):
        """ONNX Runtime computes the same from the file in its old form and from what the reader made of it."""
        with tempfile.TemporaryDirectory() as folder:
            for name, m in [*old_forms.legal_cases(), *old_forms.structure_cases()]:
                with self.subTest(name):
                    source, target = pathlib.Path(folder) / "old.onnx", pathlib.Path(folder) / "new.onnx"
                    shapeless = len(m.metadata_props) > 0  # the checker wants shapes that nobody can infer here
                    for out in m.graph.output if shapeless else ():
                        out.type.tensor_type.ClearField("shape")
                    onnx.save(m, str(source))
                    self.rewrite(source, target)
                    if not shapeless:
                        onnx.checker.check_model(str(target), full_check=True)
                    written = onnx.load(str(target))
                    self.assertGreaterEqual(written.opset_import[0].version, 13)
                    self.assertEqual([n.op_type for n in written.graph.node if n.op_type in ("Constant", "Upsample", "Scatter")], [])
                    self.assertEqual(len(written.functions), 0)
                    self.same_numbers(session(source), session(target))

    def test_storage_forms(self):
        """Raw, typed and external forms of every dtype come out as the same raw bytes."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = pathlib.Path(folder) / "a.onnx", pathlib.Path(folder) / "b.onnx"
            for name, kind, typed, raw in old_forms.storage_cases():
                for form in (typed, raw):
                    with self.subTest(dtype=name, form="raw" if form.HasField("raw_data") else "typed"):
                        graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["t"], ["y"])], "g", [], [onnx.helper.make_tensor_value_info("y", kind, [5])], [form])
                        onnx.save(onnx.helper.make_model(graph, ir_version=13, opset_imports=[onnx.helper.make_opsetid("", 25)]), str(source))
                        self.rewrite(source, target)
                        self.assertEqual(onnx.load(str(target)).graph.initializer[0].raw_data, raw.raw_data)


if __name__ == "__main__":
    unittest.main()
