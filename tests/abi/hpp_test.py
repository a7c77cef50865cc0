"""mo.hpp compiles without a warning in C++17 to C++23, and a program that uses all of it does what it should."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{ROOT}/include"]


def run(command):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)


class Hpp(unittest.TestCase):
    def test_compiles_in_every_standard(self):
        for compiler, standards in (("g++", ("c++17", "c++20", "c++23")), ("clang++-14", ("c++17", "c++20"))):
            if shutil.which(compiler):
                for standard in standards:
                    with self.subTest(compiler=compiler, standard=standard):
                        done = run([compiler, f"-std={standard}", *STRICT, "-fsyntax-only", ROOT / "tests/abi/hpp.cpp"])
                        self.assertEqual(done.returncode, 0, done.stdout[-2000:])

    @unittest.skipUnless((BUILD / "lib/libmo.so").exists(), "libmo.so is not built")
    def test_does_what_it_says(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "hpp"
            made = run(["g++", "-std=c++17", "-O1", *STRICT, ROOT / "tests/abi/hpp.cpp", "-o", program, f"-L{BUILD}/lib", "-lmo",
                        f"-Wl,-rpath,{BUILD}/lib", "-Wl,--allow-shlib-undefined"])
            self.assertEqual(made.returncode, 0, made.stdout[-2000:])
            done = run([program, ROOT / "tests/conformance/models", folder])
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(" passed, 0 failed", done.stdout)


if __name__ == "__main__":
    unittest.main()
