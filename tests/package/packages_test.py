"""`cpack` makes an archive and Debian packages that stand on their own: unpacked into an empty root they run and say what they need."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def check(*command, **options):
    run = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if run.returncode:
        raise AssertionError(f"{command}: {run.stdout[-1500:]}{run.stderr[-1500:]}")
    return run.stdout


@unittest.skipUnless((BUILD / "lib/libmo.so").exists() and shutil.which("dpkg-deb"), "libmo.so is not built, or this is no Debian")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.folder.name)
        check("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.at, cwd=cls.at)
        cls.debs = {check("dpkg-deb", "-f", d, "Package").strip(): d for d in cls.at.glob("*.deb")}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_three_debian_packages(self):
        self.assertEqual(sorted(self.debs), ["libmo-dev", "libmo1", "mo"])

    def test_the_library_package_names_what_it_needs(self):
        depends = check("dpkg-deb", "-f", self.debs["libmo1"], "Depends")
        for name in ("libc6", "libgomp1", "libstdc++6"):
            with self.subTest(package=name):
                self.assertIn(name, depends)
        self.assertNotIn("dnnl", depends)   # carried, not asked of the system

    def test_no_symbol_newer_than_glibc_2_34_and_libstdcxx_of_gcc_11(self):
        root = self.at / "symbols"
        check("dpkg-deb", "-x", self.debs["libmo1"], root)
        for library in root.rglob("*.so*"):
            if library.is_symlink():
                continue
            table = check("objdump", "-T", library)
            for name, newest in (("GLIBC", (2, 34)), ("GLIBCXX", (3, 4, 29))):
                versions = {tuple(map(int, v.split("."))) for v in re.findall(name + r"_([0-9.]+)", table)}
                with self.subTest(library=library.name, versions=name):
                    self.assertLessEqual(max(versions), newest)

    def test_unpacked_packages_run(self):
        root = self.at / "root"
        for deb in self.debs.values():
            check("dpkg-deb", "-x", deb, root)
        self.assertTrue(check(root / "usr/bin/mo", "--version", env=CLEAN, cwd="/").strip())
        source = self.at / "version.c"
        source.write_text('#include <mo/mo.h>\n#include <stdio.h>\nint main(void) { puts(mo_version()); return 0; }\n')
        flags = check("pkg-config", "--cflags", "--libs", "mo", env={**CLEAN, "PKG_CONFIG_PATH": str(root / "usr/lib/pkgconfig")}).split()
        check("gcc", "-std=c99", source, "-o", self.at / "version", *flags, f"-Wl,-rpath,{root}/usr/lib")
        self.assertTrue(check(self.at / "version", env={}).strip())

    def test_archive_runs_where_it_is_unpacked(self):
        archive = next(self.at.glob("mo-*.tar.gz"))
        place = self.at / "un packed"
        place.mkdir()
        check("tar", "-xf", archive, "-C", place)
        self.assertTrue(check(next(place.glob("*/bin/mo")), "--version", env=CLEAN, cwd="/").strip())
