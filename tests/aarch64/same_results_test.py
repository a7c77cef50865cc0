"""libmo built for 64-bit ARM, run in the emulator, against libmo of this machine: the same models, arrays and calibration data through both command lines."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy
import onnx

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("MO_BUILD", str(ROOT / "build"))
HERE = [f"{BUILD}/bin/mo"]   # with MO_MAX_ISA=scalar: there, own kernels are the plain loops too
THERE = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", f"{BUILD}-aarch64/bin/mo"]
MODELS = {  # what each adds
    ROOT / "examples/shapes/shapes.onnx": {},                      # float convolutions
    ROOT / "../shared/models/kws_dscnn.onnx": {},                  # depthwise ones
    ROOT / "../shared/models/dtln_1.onnx": {},                     # LSTM
    ROOT / "../shared/models/stories260k.onnx": {"limit": 512},    # a transformer: token ids below 512
}
KINDS = {  # options, and the signal to noise that one model's outputs on both machines keep: a dynamic value next to a tie may be rounded to the other side
    "static": (["--mode", "static"], 100),
    "dynamic": (["--mode", "dynamic"], 40),
    "int4": (["--mode", "weight_only", "--precision", "int4"], 100),
}


def call(program, *arguments):
    run = subprocess.run([*program, *map(str, arguments)], capture_output=True, text=True, timeout=900, env={**os.environ, "MO_MAX_ISA": "scalar"})
    if run.returncode:
        raise AssertionError(f"{program[-1]} {arguments}: {run.returncode}\n{run.stdout[-1500:]}{run.stderr[-1500:]}")
    return run.stdout


def noise_db(reference, other):
    """Signal to noise of `other` in decibels, over all outputs."""
    signal = sum(float((numpy.asarray(v, "d") ** 2).sum()) for v in reference.values())
    noise = sum(float(((numpy.asarray(v, "d") - other[k]) ** 2).sum()) for k, v in reference.items())
    return 300.0 if noise == 0 else 10 * numpy.log10(signal / noise)


@unittest.skipUnless(pathlib.Path(HERE[-1]).exists() and pathlib.Path(THERE[-1]).exists() and shutil.which(THERE[0]), "libmo is not built for both machines")
class SameResults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mo_aarch64_")
        self.addCleanup(folder.cleanup)
        self.at = pathlib.Path(folder.name)

    def prepare(self, model, limit=None):
        """Eight samples of the model's inputs, and one of them; their free axes are 1 (the first) or 16."""
        if not model.exists():
            self.skipTest("not here")
        random = numpy.random.default_rng(11)
        samples, kept = {}, {i.name for i in onnx.load(model).graph.initializer}
        for value in onnx.load(model).graph.input:
            if value.name in kept:
                continue
            kind = value.type.tensor_type
            dims = [d.dim_value if d.HasField("dim_value") else (16 if i else 1) for i, d in enumerate(kind.shape.dim)]
            of = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
            shape = (8, *dims[1:])
            samples[value.name] = random.integers(0, limit, shape).astype(of) if limit else random.standard_normal(shape).astype(of)
        one = {k: v[:1] for k, v in samples.items()}
        numpy.savez(self.at / "samples.npz", **samples)
        numpy.savez(self.at / "one.npz", **one)

    def outputs(self, program, model):
        call(program, "run", model, "--inputs", self.at / "one.npz", "--output", self.at / "out.npz", "--threads", 2)
        return dict(numpy.load(self.at / "out.npz"))

    def test_programs_are_of_both_machines(self):
        for program, machine in ((HERE, os.uname().machine), (THERE, "aarch64")):
            with self.subTest(machine=machine):
                self.assertEqual({62: "x86_64", 183: "aarch64"}[int.from_bytes(pathlib.Path(program[-1]).read_bytes()[18:20], "little")], machine)

    def test_float_outputs_agree(self):
        for model, how in MODELS.items():
            with self.subTest(model=model.name):
                self.prepare(model, **how)
                self.assertGreater(noise_db(self.outputs(HERE, model), self.outputs(THERE, model)), 100)

    def test_a_quantized_model_gives_the_same_outputs(self):
        for model, how in MODELS.items():
            for kind, (options, least) in KINDS.items():
                with self.subTest(model=model.name, kind=kind):
                    self.prepare(model, **how)
                    call(HERE, "quantize", model, "--output", self.at / "q.onnx", "--data", self.at / "samples.npz", *options)
                    self.assertGreater(noise_db(self.outputs(HERE, self.at / "q.onnx"), self.outputs(THERE, self.at / "q.onnx")), least)

    def test_a_model_quantized_there_is_the_one_quantized_here(self):
        for model, how in MODELS.items():
            for kind, (options, _) in KINDS.items():
                with self.subTest(model=model.name, kind=kind):
                    self.prepare(model, **how)
                    nodes, outputs = [], []
                    for name, program in (("here", HERE), ("there", THERE)):
                        made = self.at / f"{name}.onnx"
                        call(program, "quantize", model, "--output", made, "--data", self.at / "samples.npz", *options)
                        nodes.append([n.op_type for n in onnx.load(made).graph.node])
                        outputs.append(self.outputs(HERE, made))
                    self.assertEqual(*nodes)
                    # scales differ in their last bits, so a weight next to a tie may fall to the other side
                    self.assertGreater(noise_db(*outputs), 40)
