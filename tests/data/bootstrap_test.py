"""The interval that `mo compare` and `mo evaluate` give, against numpy: the same draws made anew give it to rounding, draws of numpy's own nearly."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
MO = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")) / "bin/mo"
MODEL = ROOT / "examples/shapes/shapes.onnx"
U = numpy.uint64


def mix(z):
    z = (z ^ (z >> U(30))) * U(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> U(27))) * U(0x94D049BB133111EB)
    return z ^ (z >> U(31))


def draws(seed, stream, n):
    """SplitMix64 of one stream, each number scaled to 0..n-1 by the upper half of its product with n."""
    with numpy.errstate(over="ignore"):
        state = mix(U(seed) + U(0x9E3779B97F4A7C15)) ^ mix(U(stream) + U(0xD1B54A32D192ED03))
        x = mix(state + U(0x9E3779B97F4A7C15) * numpy.arange(1, n + 1, dtype=U))
        return (((x >> U(32)) * U(n) + (((x & U(0xFFFFFFFF)) * U(n)) >> U(32))) >> U(32)).astype(int)


@unittest.skipUnless(MO.exists(), "mo is not built")
class Bootstrap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mo_bootstrap_"))
        random = numpy.random.default_rng(5)
        cls.images, cls.labels = random.standard_normal((90, 3, 32, 32)).astype("f"), random.integers(0, 10, 90)
        cls.data = cls.folder / "data.npz"
        numpy.savez(cls.data, image=cls.images, label=cls.labels)
        cls.other = cls.folder / "int8.onnx"
        cls.run_mo("quantize", MODEL, "--output", cls.other, "--data", cls.data, "--calibration", "percentile", "--calibration-percentile", "90", "--threads", "1")
        cls.scores = [cls.scored(m) for m in (MODEL, cls.other)]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def run_mo(cls, *arguments):
        run = subprocess.run([str(MO), *map(str, arguments), "--json"], capture_output=True, text=True, timeout=300)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout) if run.stdout.strip().startswith("{") else run.stdout

    @classmethod
    def scored(cls, model):
        source, out = cls.folder / "in.npz", cls.folder / "out.npz"
        numpy.savez(source, image=cls.images)
        cls.run_mo("run", model, "--inputs", source, "--output", out, "--threads", "1")
        return next(iter(numpy.load(out).values())).astype("d").reshape(90, -1)

    def shares(self, metric):
        def of(y):
            if metric == "top1":
                return (y.argmax(1) == self.labels).astype("d")
            y = y - y.max(1, keepdims=True)
            return numpy.log(numpy.exp(y).sum(1)) - y[numpy.arange(90), self.labels]
        return [of(y) for y in self.scores]

    def test_paired(self):
        for metric, finish, seed, confidence in (("top1", float, 0, 0.95), ("cross_entropy", float, 7, 0.8), ("perplexity", numpy.exp, 3, 0.95)):
            with self.subTest(metric=metric):
                j = self.run_mo("compare", MODEL, self.other, "--data", self.data, "--metric", metric, "--seconds", "0", "--node-errors", "false", "--seed", seed,
                                "--confidence", confidence, "--resamples", 500, "--batch-size", "7")
                a, b = self.shares(metric)
                self.assertGreater(numpy.abs(a - b).max(), 0, "the two models must differ for this to say anything")
                self.assertAlmostEqual(j["metric_change"], finish(b.mean()) - finish(a.mean()), places=4)
                found, ends = j["metric_change_interval"], [(1 - confidence) / 2, (1 + confidence) / 2]
                picks = [draws(seed, r, 90) for r in range(500)]
                changes = [finish(b[k].mean()) - finish(a[k].mean()) for k in picks]
                for value, wanted in zip((found["low"], found["high"]), numpy.quantile(changes, ends)):
                    self.assertAlmostEqual(value, wanted, delta=1e-4 * max(1, abs(wanted)))
                self.assertAlmostEqual(found["below_zero"], numpy.mean(numpy.array(changes) < 0), delta=0.005)
                self.assertEqual((found["resamples"], found["samples"], found["seed"]), (500, 90, seed))
                self.assertEqual(j["metric_change_beyond_noise"], found["low"] > 0 or found["high"] < 0)
                rng = numpy.random.default_rng(1)
                own = [finish(b[k].mean()) - finish(a[k].mean()) for k in (rng.integers(0, 90, 90) for _ in range(4000))]
                width = numpy.diff(numpy.quantile(own, ends))[0]
                self.assertAlmostEqual(found["high"] - found["low"], width, delta=0.2 * width + 0.012)

    def test_one_model(self):
        j = self.run_mo("evaluate", MODEL, "--data", self.data, "--resamples", 300, "--batch-size", "16")
        hits = self.shares("top1")[0]
        wanted = numpy.quantile([hits[draws(0, r, 90)].mean() for r in range(300)], [0.025, 0.975])
        numpy.testing.assert_allclose([j["interval"]["low"], j["interval"]["high"]], wanted, atol=1e-9)
        self.assertNotIn("interval", self.run_mo("evaluate", MODEL, "--data", self.data, "--resamples", 0))

    def test_equal_runs_print_equal_intervals(self):
        def text():
            run = subprocess.run([str(MO), "compare", str(MODEL), str(self.other), "--data", str(self.data), "--seconds", "0"], capture_output=True, text=True, timeout=300)
            return [line for line in run.stdout.splitlines() if "interval" in line]
        self.assertEqual(text(), text())
        self.assertEqual(len(text()), 1)
        self.assertIn("noise of 90 samples", text()[0])


if __name__ == "__main__":
    unittest.main()
