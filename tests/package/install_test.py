"""`cmake --install` into an empty folder gives a tree from which a stranger builds the C example, by pkg-config and by CMake."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
PROGRAM = '#include <mo/mo.h>\n#include <stdio.h>\nint main(void) { puts(mo_version()); return 0; }\n'


@unittest.skipUnless((BUILD / "lib/libmo.so").exists(), "libmo.so is not built")
class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.folder.name)
        cls.prefix = cls.at / "first"
        cls.check(["cmake", "--install", BUILD, "--prefix", cls.prefix])
        moved = cls.at / "moved elsewhere"   # nothing inside may remember where it was put first
        cls.prefix.rename(moved)
        cls.prefix = moved

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def check(command, **options):
        run = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
        if run.returncode:
            raise AssertionError(f"{command}: {run.stdout[-1500:]}{run.stderr[-1500:]}")
        return run.stdout

    def test_layout(self):
        for name in ("include/mo/mo.h", "include/mo/mo.hpp", "lib/libmo.so", "lib/libmo.so.1", "lib/mo/libdnnl.so.3", "lib/pkgconfig/mo.pc",
                     "lib/cmake/mo/moConfig.cmake", "bin/mo", "share/doc/libmo1/copyright", "share/doc/libmo1/third_party/protobuf.txt"):
            with self.subTest(file=name):
                self.assertTrue((self.prefix / name).exists())

    def test_installed_command_line_runs(self):
        clean = {"PATH": "/usr/bin:/bin"}
        self.assertTrue(self.check([self.prefix / "bin/mo", "--version"], env=clean, cwd="/").strip())

    @unittest.skipUnless(shutil.which("pkg-config"), "no pkg-config")
    def test_pkg_config(self):
        paths = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        import shlex
        flags = shlex.split(self.check(["pkg-config", "--cflags", "--libs", "mo"], env=paths))
        source = self.at / "version.c"
        source.write_text(PROGRAM)
        self.check(["gcc", "-std=c99", "-Wall", "-Werror", source, "-o", self.at / "version", *flags, f"-Wl,-rpath,{self.prefix}/lib"])
        self.assertTrue(self.check([self.at / "version"], env={}).strip())

    def test_cmake_package(self):
        project = self.at / "project"
        project.mkdir()
        (project / "version.c").write_text(PROGRAM)
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(user C)\nfind_package(mo REQUIRED)\n"
            "add_executable(version version.c)\ntarget_link_libraries(version mo::mo)\n")
        self.check(["cmake", "-S", project, "-B", project / "b", f"-DCMAKE_PREFIX_PATH={self.prefix}"])
        self.check(["cmake", "--build", project / "b"])
        self.assertTrue(self.check([project / "b/version"], env={}).strip())

    def test_examples_build_strictly(self):
        for source in sorted([*(ROOT / "examples/c").glob("*.c"), *(ROOT / "examples/cpp").glob("*.cpp")]):
            for compiler, standard in (("gcc", "c99"), ("clang-14", "c99")) if source.suffix == ".c" else (("g++", "c++17"), ("clang++-14", "c++17")):
                if shutil.which(compiler):
                    with self.subTest(source=source.name, compiler=compiler):
                        self.check([compiler, f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror", source, "-o", self.at / source.stem,
                                    f"-I{self.prefix}/include", f"-L{self.prefix}/lib", "-lmo", "-pthread", f"-Wl,-rpath,{self.prefix}/lib"])

    def test_examples_follow_their_readme(self):
        for language in ("c", "cpp"):
            with self.subTest(language=language):
                self.check([sys.executable, ROOT / "tests/bindings/readme.py", language])
