"""mo.hpp compiles without a warning in C++17 to C++23, and a program that uses all of it does what it should."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{ROOT}/include"]


def run(command):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)


# what a C++ caller has no use for: C forms of what the header does in its own way
NOT_WRAPPED = {"mo_abi_version", "mo_buffer_text", "mo_error_name", "mo_options_add_string"}


class Hpp(unittest.TestCase):
    def test_wraps_every_function(self):
        header = set(re.findall(r"\bmo_[a-z_0-9]+\b", (ROOT / "include/mo/mo.hpp").read_text()))
        exported = {n for n in (ROOT / "tests/abi/symbols.txt").read_text().split() if n.startswith("mo_")}
        self.assertEqual(exported - header, NOT_WRAPPED)

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
