"""libmo.so exports exactly the functions of mo.h, under MO_1.0, and nothing of a dependency."""
import re
import subprocess
import unittest

import abi

LIST = abi.ROOT / "tests/abi/symbols.txt"


@unittest.skipUnless(abi.LIBRARY.exists(), "libmo.so is not built")
class Symbols(unittest.TestCase):
    def defined(self):
        lines = abi.exported(abi.LIBRARY, "--defined-only")
        return {line.split()[-1] for line in lines if line.split()[-2] != "A"}

    def test_exports_equal_the_list(self):
        names = {name.split("@")[0] for name in self.defined()}
        wanted = {line for line in LIST.read_text().split("\n") if line and not line.startswith("#")}
        self.assertEqual(sorted(names - wanted), [], "exported, not in tests/abi/symbols.txt")
        self.assertEqual(sorted(wanted - names), [], "in tests/abi/symbols.txt, no longer exported")

    def test_exports_equal_the_header(self):
        self.assertEqual(sorted(n.split("@")[0] for n in self.defined()), sorted(name for _, name, _ in abi.prototypes()))

    def test_all_carry_the_version_and_the_prefix(self):
        wrong = [name for name in self.defined() if not re.fullmatch(r"mo_\w+@@MO_1\.\d+", name)]
        self.assertEqual(wrong, [])

    def test_soname_and_what_it_needs(self):
        dynamic = subprocess.run(["readelf", "-d", str(abi.LIBRARY)], capture_output=True, text=True, check=True).stdout
        self.assertIn("[libmo.so.1]", dynamic)
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
        allowed = {"libdnnl.so.3", "libgomp.so.1", "libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"}
        self.assertEqual(needed - allowed, set())
        self.assertRegex(dynamic, r"RUNPATH.*\[\$ORIGIN:\$ORIGIN/mo\]")
        self.assertNotIn("TEXTREL", dynamic)

    def test_no_machine_path_inside(self):
        data = abi.LIBRARY.read_bytes()
        self.assertNotIn(str(abi.ROOT).encode() + b"/", data)
