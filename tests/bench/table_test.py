"""The speed table: ratios, what goes on where it stopped, the drawing; and a cell that is really measured."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
MODEL = ROOT / "tests" / "conformance" / "models" / "classifier.onnx"
LIBRARY = ROOT / "build" / "lib" / "libmo.so"


def cell(libmo, **peers):
    engines = {name: {"min_ms": low, "median_ms": mid} for name, (low, mid) in {"libmo": libmo, **peers}.items()}
    return {"engines": engines}


class Table(unittest.TestCase):
    def test_ratio_is_the_better_peer_over_libmo(self):
        import table
        low, mid = table.ratios(cell((2, 4), onnxruntime=(3, 9), openvino=(4, 8)))
        self.assertEqual((low, mid), (1.5, 2.0))
        self.assertIsNone(table.ratios(cell((2, 4))))

    def test_bars_say_what_is_not_met(self):
        import bars
        key = ("resnet50", "int8", 1, 1)
        lines = bars.judge({key: {"ratio": (1.1, 0.9), "share": 0.9, "ms": 2.0}, ("resnet50", "fp32", 1, 1): {"ratio": (1.0, 1.0), "share": 0.9, "ms": 8.0}})
        self.assertTrue(any(line.startswith("NOT MET: least int8") and "0.90" in line for line in lines))
        self.assertTrue(any(line.startswith("met: int8 over fp32") and "4.00" in line for line in lines))
        self.assertTrue(any(line.startswith("met: share of the peak, resnet50") for line in lines))

    def test_drawing_is_well_formed_and_always_the_same(self):
        import chart
        bars = [("A & B", "fp32", 0.8), ("A & B", "int8", 1.7), ("C", "int8", 1.0)]
        picture = chart.draw(bars, "x < y")
        self.assertEqual(picture, chart.draw(bars, "x < y"))
        tree = xml.etree.ElementTree.fromstring(picture)
        self.assertEqual(len([e for e in tree.iter() if e.tag.endswith("rect")]), 2 + 3)

    def test_a_page_is_for_a_kind_of_processor(self):
        import table
        self.assertEqual(table.widest("AMD EPYC (family 25, model 1; avx2)"), "avx2")
        self.assertEqual(table.widest("X (family 6, model 143; avx2, avx512f, avx512_vnni, avx512_bf16, amx_tile)"), "amx")
        self.assertEqual(table.widest("X (family 6, model 85; avx2, avx512f)"), "avx512")

    @unittest.skipUnless(LIBRARY.exists(), "libmo is not built")
    def test_a_cell_is_measured_once(self):
        with tempfile.TemporaryDirectory() as folder:
            results = pathlib.Path(folder, "t.json")
            command = [sys.executable, str(ROOT / "bench" / "table.py"), "--model", str(MODEL), "--quick", "--rounds", "2", "--slice", "0.01", "--results", str(results),
                       "--engines", "libmo,onnxruntime"]
            environment = {**os.environ, "MO_LIBRARY": str(LIBRARY)}
            first = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
            self.assertEqual(first.returncode, 0, first.stderr)
            self.assertIn("| classifier | fp32", first.stdout)
            seen = json.loads(results.read_text())["cells"]
            self.assertEqual(list(seen), ["classifier/fp32/1t/b1"])
            self.assertEqual(seen["classifier/fp32/1t/b1"]["failed"], {})
            again = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
            self.assertNotIn("[1/1]", again.stderr)
            self.assertEqual(json.loads(results.read_text())["cells"], seen)


if __name__ == "__main__":
    unittest.main()
