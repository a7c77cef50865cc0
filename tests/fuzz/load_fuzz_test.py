"""A minute of libFuzzer on the model reader, from seeds that the onnx package makes: no crash, no leak, no hang, bounded memory."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAIN = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
BUILD = pathlib.Path(f"{PLAIN}-fuzz")
SECONDS = int(os.environ.get("MO_FUZZ_SECONDS", "60"))


def seeds(folder):
    """Small models that touch every storage form, control flow, functions and metadata."""
    import numpy as np
    import onnx
    import onnx.helper as h
    import onnx.numpy_helper as nh
    import onnx.parser
    texts = {
        "plain": '<ir_version: 10, opset_import: ["" : 21]> g (float[n, 3] x) => (float[n, 3] y) { y = Relu(x) }',
        "old": '<ir_version: 4, opset_import: ["" : 9]> g (float[2, 3] x) => (float[2, 3] y) { y = Dropout<ratio = 0.5>(x) }',
        "branch": '<ir_version: 8, opset_import: ["" : 17]> g (bool c, float[2] x) => (float[2] y) {'
                  ' y = If (c) <then_branch = t () => (float[2] a) { a = Neg(x) }, else_branch = e () => (float[2] b) { b = Abs(x) }> }',
        "function": '<ir_version: 8, opset_import: ["" : 17, "own" : 1]> g (float[2] x) => (float[2] y) { y = own.twice(x) }'
                    ' <opset_import: ["" : 17], domain: "own"> twice (a) => (b) { b = Add(a, a) }',
        "constant": '<ir_version: 10, opset_import: ["" : 21]> g (float[2] x) => (float[2] y) { c = Constant<value_floats = [1.0, 2.0]>() y = Mul(x, c) }',
    }
    for name, text in texts.items():
        (folder / name).write_bytes(onnx.parser.parse_model(text).SerializeToString())
    values = np.arange(6).reshape(2, 3)
    kinds = [t for t in onnx.TensorProto.DataType.values() if t not in (0, onnx.TensorProto.STRING)]
    for raw in (True, False):
        tensors = []
        for kind in kinds:
            try:
                made = h.make_tensor(f"t{kind}", kind, [2, 3], values.flatten().tolist()) if not raw else \
                    nh.from_array(values.astype(h.tensor_dtype_to_np_dtype(kind)), f"t{kind}")
                tensors.append(made)
            except Exception:
                continue
        tensors.append(h.make_tensor("texts", onnx.TensorProto.STRING, [2], [b"a", b"bc"]))
        outside = onnx.TensorProto(name="outside", data_type=1, dims=[4], data_location=onnx.TensorProto.EXTERNAL)
        for key, value in {"location": "weights.bin", "offset": "0", "length": "16"}.items():
            entry = outside.external_data.add()
            entry.key, entry.value = key, value
        tensors.append(outside)
        graph = h.make_graph([h.make_node("Identity", ["t1"], ["y"])], "g", [], [h.make_tensor_value_info("y", 1, [2, 3])], tensors)
        model = h.make_model(graph, ir_version=11, opset_imports=[h.make_opsetid("", 23)])
        model.metadata_props.add(key="a", value="b")
        (folder / f"tensors{raw}").write_bytes(model.SerializeToString())


@unittest.skipUnless(shutil.which("clang++-14"), "no clang++-14")
@unittest.skipUnless(list((ROOT / "lib").glob("onnx/*.cpp")), "no lib/onnx in this tree")
class LoadFuzz(unittest.TestCase):
    def test_reader_survives(self):
        for command in (["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DMO_FUZZ=ON", "-DMO_BUILD_TESTS=OFF", f"-DMO_FUZZ_REST={PLAIN}/libmo_core.a",
                         "-DCMAKE_CXX_COMPILER=clang++-14", "-DCMAKE_C_COMPILER=clang-14"],
                        ["cmake", "--build", BUILD, "--target", "load_fuzz", "-j", os.environ.get("JOBS", "2")]):
            run = subprocess.run([str(c) for c in command], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, (run.stdout + run.stderr)[-3000:])
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            start, found = at / "seeds", at / "found"
            start.mkdir()
            found.mkdir()
            seeds(start)
            kept = ROOT / "tests/fuzz/corpus"
            run = subprocess.run([str(BUILD / "bin/load_fuzz"), str(found), str(start), *([str(kept)] if kept.exists() else []),
                                  f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=1024",
                                  "-max_len=16384", "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={at}/"],
                                 capture_output=True, text=True, errors="replace", timeout=SECONDS + 300)
            for line in run.stderr.splitlines():
                if line.startswith("stat::"):
                    print("   ", line)
            if run.returncode:
                keep = BUILD / "crashes"
                keep.mkdir(exist_ok=True)
                for artefact in at.glob("*-*"):
                    shutil.copy(artefact, keep)
                print(f"    the inputs are in {keep}")
            self.assertEqual(run.returncode, 0, run.stderr[-4000:])
