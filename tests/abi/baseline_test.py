"""The binary interface against its baseline (libabigail): declarations may be added, none may change. `baseline_test.py --write` takes the present one.

What is compared is the compiler's view of mo.h: a library of empty functions, one for each prototype, and a variable of each enum.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import abi

BASELINE = pathlib.Path(__file__).with_name("mo.abi")


def describe(folder, header, functions):
    """The interface that `header` declares, as libabigail's XML; `functions` says which prototypes the library defines."""
    names = sorted(set(re.findall(r"^typedef enum (mo_\w+)", header, re.M)))
    (folder / "mo").mkdir(exist_ok=True)
    (folder / "mo/mo.h").write_text(header)
    bodies = [f"{result} {name}({', '.join(arguments) or 'void'}) {{ __builtin_trap(); }}" for result, name, arguments in functions]
    (folder / "all.c").write_text("\n".join(['#include "mo/mo.h"', *(f"{n} mo_abi_of_{n};" for n in names), *bodies, ""]))
    library = folder / "libmo.so"
    subprocess.run(["gcc", "-std=c99", "-g", "-shared", "-fPIC", f"-I{folder}", str(folder / "all.c"), "-o", str(library)], check=True, cwd=folder)
    xml = folder / "mo.abi"
    subprocess.run(["abidw", "--no-comp-dir-path", "--no-corpus-path", "--no-show-locs", "--out-file", str(xml), str(library)], check=True)
    return xml


def changes(before, after):
    run = subprocess.run(["abidiff", "--no-added-syms", "--harmless", str(before), str(after)], capture_output=True, text=True)
    return run.stdout if run.returncode else ""


@unittest.skipUnless(shutil.which("abidw") and shutil.which("abidiff"), "no libabigail (Debian: abigail-tools)")
class Baseline(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def variant(self, text=lambda header: header, functions=lambda list_: list_):
        return describe(self.folder, text(abi.HEADER.read_text()), functions(abi.prototypes()))

    def test_nothing_has_changed(self):
        self.assertEqual(changes(BASELINE, self.variant()), "")

    def test_additions_are_allowed(self):
        self.assertEqual(changes(BASELINE, self.variant(functions=lambda fs: [*fs, ("mo_error *", "mo_one_more", ["int32_t a"])])), "")

    # The canaries: each change below has to be noticed.
    def test_a_wider_argument_is_noticed(self):
        def widen(functions):
            at = next(i for i, f in enumerate(functions) if f[1] == "mo_options_set_bool")
            functions[at] = (functions[at][0], functions[at][1], [a.replace("int32_t", "int64_t") for a in functions[at][2]])
            return functions
        self.assertIn("mo_options_set_bool", changes(BASELINE, self.variant(lambda h: h.replace("mo_options_set_bool", "mo_unused"), widen)))

    def test_a_missing_function_is_noticed(self):
        self.assertIn("mo_report_text", changes(BASELINE, self.variant(functions=lambda fs: [f for f in fs if f[1] != "mo_report_text"])))

    def test_a_renumbered_error_is_noticed(self):
        self.assertIn("MO_ERR_NOT_FOUND", changes(BASELINE, self.variant(lambda h: h.replace("MO_ERR_NOT_FOUND = 2", "MO_ERR_NOT_FOUND = 42"))))


def write():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(describe(pathlib.Path(folder), abi.HEADER.read_text(), abi.prototypes()), BASELINE)


if __name__ == "__main__":
    write() if "--write" in sys.argv else unittest.main()
