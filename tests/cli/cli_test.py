"""The command line as a user meets it: output, JSON keys, exit statuses, interruption. Runs the real program on the example model."""
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
MO = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")) / "bin/mo"
SHAPES = ROOT / "examples/shapes"
MODEL = SHAPES / "shapes.onnx"
OK, FAILED, USAGE, GATE, INTERRUPTED = 0, 1, 2, 3, 130


def mo(*arguments, **more):
    return subprocess.run([str(MO), *map(str, arguments)], capture_output=True, text=True, timeout=300, **more)


@unittest.skipUnless(MO.exists(), "mo is not built")
class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mo_cli_"))
        random = numpy.random.default_rng(5)
        cls.data = cls.folder / "data.npz"
        numpy.savez(cls.data, image=random.standard_normal((24, 3, 32, 32)).astype("f"), label=random.integers(0, 10, 24))
        cls.int8 = cls.folder / "int8.onnx"
        made = mo("quantize", MODEL, "--output", cls.int8, "--data", cls.data, "--threads", "1")
        assert made.returncode == 0, made.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def status(self, wanted, *arguments, about=None):
        run = mo(*arguments)
        self.assertEqual(run.returncode, wanted, f"{arguments}\n{run.stdout}\n{run.stderr}")
        if wanted not in (OK, GATE):
            self.assertEqual(run.stdout, "", "nothing on standard output when the work failed")
            self.assertTrue(run.stderr.strip(), "an error says something")
        for word in [about] if isinstance(about, str) else about or []:
            self.assertIn(word, run.stdout if wanted in (OK, GATE) else run.stderr)
        return run

    def json(self, *arguments, wanted=OK):
        run = self.status(wanted, *arguments, "--json")
        self.assertEqual(run.stderr, "", "nothing on standard error away from a terminal")
        return json.loads(run.stdout)

    def test_version_and_help(self):
        self.assertRegex(mo("--version").stdout, r"^mo \d+\.\d+\.\d+")
        self.status(OK, "--help", about=["describe", "quantize", "benchmark", "options"])
        for command in ("describe", "run", "explain", "quantize", "evaluate", "benchmark", "profile", "compare", "options"):
            with self.subTest(command=command):
                self.status(OK, command, "--help", about="--json")

    def test_wrong_usage(self):
        for arguments, about in [([], None), (["nonsense"], None), (["describe"], "model"), (["describe", MODEL, "--nope"], "--nope"),
                                 (["quantize", MODEL], "--output"), (["quantize", MODEL, "--output", "x", "--precision", "int9"], ["precision", "int8"]),
                                 (["quantize", MODEL, "--output", "x", "--samples", "many"], "samples"), (["evaluate", MODEL], "--data"),
                                 (["benchmark", MODEL, "--threads", "-3"], "threads"), (["options", "quantise"], "did you mean quantize?"),
                                 (["evaluate", MODEL, "--data", self.data, "--metric", "topp1"], "top1"), (["run", MODEL], "--inputs")]:
            with self.subTest(arguments=arguments):
                self.status(USAGE, *arguments, about=about)

    def test_work_that_fails_names_the_culprit(self):
        garbage = self.folder / "garbage.onnx"
        garbage.write_bytes(b"\x08\xff" * 500)
        truncated = self.folder / "truncated.onnx"
        truncated.write_bytes(MODEL.read_bytes()[:100_000])
        empty = self.folder / "empty.npz"
        numpy.savez(empty)
        wrong = self.folder / "wrong.npz"
        numpy.savez(wrong, image=numpy.zeros((4, 3, 31, 32), "f"))
        other = self.folder / "other.npz"
        numpy.savez(other, a=numpy.zeros((4, 3, 32, 32), "f"), b=numpy.zeros((4, 3, 32, 32), "f"))
        for arguments, about in [(["describe", "none.onnx"], "none.onnx"), (["describe", garbage], "garbage.onnx"), (["describe", truncated], "truncated.onnx"),
                                 (["describe", self.folder], None), (["evaluate", MODEL, "--data", "none.npz"], "none.npz"),
                                 (["quantize", MODEL, "--output", self.folder / "no.onnx"], "calibration"),
                                 (["quantize", MODEL, "--output", self.folder / "no.onnx", "--data", empty], None),
                                 (["quantize", MODEL, "--output", self.folder / "no.onnx", "--data", wrong], "image"),
                                 (["quantize", MODEL, "--output", self.folder / "no.onnx", "--data", other], "image"),
                                 (["quantize", MODEL, "--output", "/no/such/folder/x.onnx", "--data", self.data], "/no/such/folder/x.onnx"),
                                 (["run", MODEL, "--inputs", other], "image"), (["benchmark", MODEL, "--shape", "imag=1x3x32x32"], "did you mean image?")]:
            with self.subTest(arguments=arguments):
                run = self.status(FAILED, *arguments, about=about)
                self.assertEqual(len(run.stderr.strip().splitlines()), 1, run.stderr)
                self.assertTrue(run.stderr.startswith("mo: "))
        self.assertFalse((self.folder / "no.onnx").exists())

    def test_describe(self):
        j = self.json("describe", MODEL)
        self.assertEqual(j["operators"]["Conv"], 19)
        self.assertEqual(j["inputs"][0], {"name": "image", "dtype": "float32", "shape": ["N", 3, 32, 32]})
        self.assertGreater(j["macs"], 1_000_000)
        self.assertEqual(set(j["bytes_by_dtype"]) >= {"float32"}, True)
        self.status(OK, "describe", MODEL, about=["19 Conv", "multiply-adds", "image"])

    def test_run_reads_and_writes_npz(self):
        inputs, outputs = self.folder / "in.npz", self.folder / "out.npz"
        numpy.savez(inputs, image=numpy.load(self.data)["image"][:3])
        j = self.json("run", MODEL, "--inputs", inputs, "--output", outputs)
        self.assertEqual(j["outputs"], [{"name": "logits", "dtype": "float32", "shape": [3, 10]}])
        fast = numpy.load(outputs)["logits"]
        self.status(OK, "run", MODEL, "--inputs", inputs, "--output", outputs, "--optimize", "false")
        plain = numpy.load(outputs)["logits"]
        self.assertLess(numpy.abs(fast - plain).max(), 1e-4 * numpy.ptp(plain))

    def test_explain(self):
        self.assertTrue(self.json("explain", MODEL, "--shape", "image=2x3x32x32"))
        self.status(OK, "explain", MODEL, about="onednn_conv")

    def test_quantize_reports(self):
        report = self.folder / "report.json"
        j = self.json("quantize", MODEL, "--output", self.folder / "q.onnx", "--data", self.data, "--samples", "8", "--batch-size", "4", "--threads", "1",
                      "--calibration", "entropy", "--report", report, "--exclude", "op:Gemm", "--report-latency", "--report-seconds", "0.02")
        self.assertEqual(json.loads(report.read_text()), j)
        self.assertEqual(j["calibration_samples"], 8)
        few = self.json("quantize", MODEL, "--output", self.folder / "few.onnx", "--data", self.data, "--num-samples", "6", "--spread", "--batch-size", "4",
                        "--html", self.folder / "report.html")
        self.assertEqual(few["calibration_samples"], 6)
        page = (self.folder / "report.html").read_text()
        self.assertIn("<h1>Quantization</h1>", page)
        self.assertIn(few["output_digest"], page)
        self.assertEqual(j["options"]["calibration.method"], "entropy")
        self.assertIn("seed", j)
        self.assertGreater(j["input"]["latency"]["p99_ms"], 0)
        self.assertGreater(j["output"]["latency"]["median_ms"], 0)
        self.assertLess(j["output"]["file_bytes"], 0.6 * j["input"]["file_bytes"])
        self.assertEqual(j["output"]["file_bytes"], (self.folder / "q.onnx").stat().st_size)
        left = [n for n in j["nodes"] if n["op"] == "Gemm"]
        self.assertTrue(left and not left[0]["quantized"] and left[0]["reason"])
        self.assertTrue(any(isinstance(n["snr_db"], float) for n in j["nodes"]))
        self.assertNotEqual(j["input_digest"], j["output_digest"])

    def test_the_same_work_gives_the_same_bytes(self):
        again = self.folder / "again.onnx"
        self.status(OK, "quantize", MODEL, "--output", again, "--data", self.data, "--threads", "1")
        self.assertEqual(again.read_bytes(), self.int8.read_bytes())

    def test_statistics_are_kept_in_a_file(self):
        kept, one, two = (self.folder / n for n in ("kept", "one.onnx", "two.onnx"))
        self.status(OK, "quantize", MODEL, "--output", one, "--data", self.data, "--save-statistics", kept, "--threads", "1")
        self.status(OK, "quantize", MODEL, "--output", two, "--statistics", kept, "--threads", "1")
        self.assertEqual(one.read_bytes(), two.read_bytes())

    def test_what_needs_samples_says_so_when_only_statistics_are_at_hand(self):
        kept, one, two = (self.folder / n for n in ("kept", "one.onnx", "two.onnx"))
        products = ("--threads", "1", "--corrections", "bias_correction")   # of the Gemm, too: statistics know the channels of convolutions
        self.status(OK, "quantize", MODEL, "--output", one, "--data", self.data, "--save-statistics", kept, *products)
        j = self.json("quantize", MODEL, "--output", two, "--statistics", kept, *products)
        self.assertTrue(any("biases are unchanged" in w for w in j["warnings"]), j["warnings"])
        self.assertNotEqual(one.read_bytes(), two.read_bytes())

    def test_half_precision_needs_no_data(self):
        half = self.folder / "half.onnx"
        self.status(OK, "quantize", MODEL, "--output", half, "--precision", "fp16")
        self.assertLess(half.stat().st_size, 0.6 * MODEL.stat().st_size)
        j = self.json("compare", MODEL, half, "--data", self.data, "--seconds", "0", "--threads", "1", "--metric", "top1")
        self.assertGreater(j["outputs"][0]["snr_db"], 40)

    def test_evaluate(self):
        j = self.json("evaluate", MODEL, "--data", self.data, "--metric", "top1", "--threads", "1")
        self.assertEqual((j["metric"], j["samples"]), ("top1", 24))
        self.assertTrue(0 <= j["value"] <= 1)
        self.status(GATE, "evaluate", MODEL, "--data", self.data, "--minimum", "1.01", "--threads", "1", about="NOT MET")
        self.assertFalse(self.json("evaluate", MODEL, "--data", self.data, "--minimum", "1.01", "--threads", "1", wanted=GATE)["passed"])

    def test_profile_times_steps(self):
        peak = self.folder / "peak.json"
        with open(peak, "w") as f:
            json.dump({"gmacs": {"fp32": 50.0, "int8": 200.0, "bf16": 100.0}, "read_gbytes_per_s": 20.0}, f)
        j = self.json("profile", MODEL, "--runs", "3", "--shape", "image=1x3x32x32", "--peak", peak)
        conv = [s for s in j["steps"] if "macs" in s and "calls" in s]
        self.assertTrue(conv)
        self.assertEqual(j["runs"], 3)
        for s in conv:
            self.assertAlmostEqual(s["peak_share"], s["macs"] / s["min_us"] / 1e3 / 50.0, places=6)
            self.assertLessEqual(s["min_us"], s["median_us"])
        self.status(OK, "profile", MODEL, "--runs", "2", about=["GFLOP/s", "one run", "% of peak"])
        self.status(FAILED, "profile", MODEL, "--peak", MODEL, about="mo_peak")

    def test_benchmark_keys(self):
        j = self.json("benchmark", MODEL, "--threads", "1", "--batch", "2", "--seconds", "0.05")
        for key in ("median_ms", "min_ms", "p90_ms", "p99_ms", "throughput", "peak_rss_mb", "load_ms"):
            self.assertGreater(j[key], 0, key)
        self.assertEqual(j["inputs"], {"image": "float32[2, 3, 32, 32]"})
        self.assertEqual(self.json("benchmark", MODEL, "--runs", "7", "--shape", "image=1x3x32x32")["iterations"], 7)

    def test_compare(self):
        j = self.json("compare", MODEL, self.int8, "--data", self.data, "--seconds", "0.02")
        self.assertLess(j["b"]["parameter_bytes"], 0.35 * j["a"]["parameter_bytes"])
        self.assertEqual(j["a"]["metric"]["metric"], "top1")
        self.assertGreater(len(j["nodes"]), 10)
        self.status(OK, "compare", MODEL, self.int8, "--data", self.data, "--seconds", "0.02", about=["weights", "latency", "top1", "Nodes that differ most"])
        self.status(GATE, "compare", MODEL, self.int8, "--seconds", "0", "--max-size-ratio", "0.01", about="NOT MET")
        self.status(OK, "compare", MODEL, self.int8, "--seconds", "0", "--max-size-ratio", "0.5", about="met")

    def test_options(self):
        names = [o["operation"] for o in self.json("options")["operations"]]
        self.assertIn("quantize", names)
        for name in names:
            with self.subTest(operation=name):
                self.assertTrue(all(o["help"] for o in self.json("options", name)["options"]))
        self.status(OK, "options", "quantize", about=["calibration.method", "entropy", "default"])

    def test_odd_names(self):
        odd = self.folder / "mödel 😀 'x'.onnx"
        shutil.copy(MODEL, odd)
        self.status(OK, "describe", odd)
        self.status(OK, "quantize", odd, "--output", self.folder / "größe 😀.onnx", "--precision", "bf16")
        self.status(FAILED, "describe", "no\x1b[31m.onnx")
        self.assertNotIn("\x1b", mo("describe", "no\x1b[31m.onnx").stderr)

    def test_closed_output_is_an_error(self):
        full = pathlib.Path("/dev/full")
        if not full.exists():
            self.skipTest("no /dev/full here")
        with full.open("w") as target:
            run = subprocess.run([str(MO), "describe", str(MODEL)], stdout=target, stderr=subprocess.PIPE, text=True)
        self.assertEqual(run.returncode, FAILED)
        self.assertIn("standard output", run.stderr)

    def interrupt(self, arguments, after):
        run = subprocess.Popen([str(MO), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(after)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        return run.returncode, out, err

    def test_interruption_leaves_nothing_half_written(self):
        target = self.folder / "interrupted.onnx"
        target.write_bytes(b"what was here before")
        long = self.folder / "long.npz"
        numpy.savez(long, image=numpy.zeros((60_000, 3, 32, 32), "f"))
        status, out, err = self.interrupt(["quantize", MODEL, "--output", target, "--data", long, "--threads", "1"], 1.5)
        self.assertEqual((status, out), (INTERRUPTED, ""), err)
        self.assertIn("interrupted", err)
        self.assertEqual(target.read_bytes(), b"what was here before")
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith((".interrupted", "interrupted.onnx."))], [])
        long.unlink()
        status, out, err = self.interrupt(["benchmark", MODEL, "--seconds", "60", "--threads", "1"], 1.5)
        self.assertEqual((status, out), (INTERRUPTED, ""), err)

    def test_a_bar_only_on_a_terminal(self):
        main, other = pty.openpty()
        run = subprocess.Popen([str(MO), "quantize", str(MODEL), "--output", str(self.folder / "bar.onnx"), "--data", str(self.data), "--threads", "1"],
                               stdout=subprocess.PIPE, stderr=other)
        os.close(other)
        shown = b""
        while True:
            ready, _, _ = select.select([main], [], [], 60)
            try:
                piece = os.read(main, 4096) if ready else b""
            except OSError:
                break
            if not piece:
                break
            shown += piece
        out = run.communicate()[0]
        os.close(main)
        self.assertEqual(run.returncode, OK)
        self.assertIn(b"calibrate", shown)
        self.assertIn(b"24/24", shown)
        self.assertNotIn(b"\r", out)


if __name__ == "__main__":
    unittest.main()
