"""Packed weights in a folder that several processes fill and read at once: the same results, one file, and nothing packed the second time."""
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
MO = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")) / "bin/mo"
MODEL = ROOT / "examples/shapes/shapes.onnx"


def start(inputs, output, *more):
    return subprocess.Popen([str(MO), "run", str(MODEL), "--inputs", str(inputs), "--output", str(output), "--threads", "1", *map(str, more)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@unittest.skipUnless(MO.exists(), "mo is not built")
class CacheFolder(unittest.TestCase):
    def outputs(self, started):
        for process, output in started:
            said = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, said)
            self.assertEqual(said[1], "", "no warning")
        return [dict(numpy.load(output)) for _, output in started]

    def test_processes_at_once(self):
        with tempfile.TemporaryDirectory(prefix="mo packs ") as made:
            folder, packs = pathlib.Path(made), pathlib.Path(made) / "kept" / "packs"
            numpy.savez(folder / "in.npz", image=numpy.random.default_rng(3).standard_normal((4, 3, 32, 32)).astype("f"))
            want = self.outputs([(start(folder / "in.npz", folder / "want.npz"), folder / "want.npz")])[0]
            for turn in range(3):
                names = [folder / f"{turn}-{k}.npz" for k in range(4)]
                for got in self.outputs([(start(folder / "in.npz", n, "--cache-folder", packs), n) for n in names]):
                    self.assertEqual(set(got), set(want))
                    for name in want:
                        self.assertEqual(got[name].tobytes(), want[name].tobytes())
                files = list(packs.iterdir())
                self.assertEqual(len(files), 1, "one file and no temporary ones")
                if turn == 0:
                    written = files[0].stat().st_mtime_ns
            self.assertEqual(files[0].stat().st_mtime_ns, written, "what is complete is not written again")


if __name__ == "__main__":
    unittest.main()
