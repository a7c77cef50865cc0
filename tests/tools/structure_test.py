"""The house keeps its order: includes go one way, headers stand alone, nothing in the tree that should not be there."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("base tensor graph ops onnx passes kernels plan runtime autograd train quantize prune search data pipeline report api").split()
TECHNIQUES = {"train", "quantize", "prune", "search"}
# what a room must not know although it stands above (docs/architecture.md)
STRANGERS = {"prune": {"quantize"}, "data": TECHNIQUES, "runtime": TECHNIQUES, "plan": TECHNIQUES, "kernels": TECHNIQUES | {"passes"}}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def tracked(*suffixes):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [p for p in paths if p.is_file() and not p.is_symlink() and (not suffixes or p.suffix in suffixes)]


def includes(path):
    return INCLUDE.findall(path.read_text(errors="replace"))


class Structure(unittest.TestCase):
    def in_lib(self):
        return [p for p in tracked(".h", ".cpp", ".inc", ".cu", ".cuh") if p.is_relative_to(ROOT / "lib")]

    def test_every_room_is_known(self):
        rooms = {p.relative_to(ROOT / "lib").parts[0] for p in self.in_lib()}
        self.assertEqual(rooms - set(ROOMS), set())

    def test_includes_go_one_way(self):
        wrong = []
        for path in self.in_lib():
            room = path.relative_to(ROOT / "lib").parts[0]
            allowed = set(ROOMS[: ROOMS.index(room) + 1]) - STRANGERS.get(room, set())
            for quote, name in includes(path):
                target = name.split("/")[0]
                if quote == '"' and target in ROOMS and target not in allowed:
                    wrong.append(f"{path.relative_to(ROOT)} includes {name}")
                if name.startswith("mo/") and room != "api":
                    wrong.append(f"{path.relative_to(ROOT)} includes {name}: only api and the bindings see the C header")
        self.assertEqual(wrong, [])

    def test_third_parties_stay_in_their_rooms(self):
        homes = {"onnx/onnx-ml.pb.h": {"onnx"}, "yaml-cpp/yaml.h": {"data", "pipeline", "api"}, "archive.h": {"data"}}
        wrong = [f"{p.relative_to(ROOT)} includes {name}" for p in self.in_lib() for _, name in includes(p)
                 if name in homes and p.relative_to(ROOT / "lib").parts[0] not in homes[name]]
        headers = [f"{p.relative_to(ROOT)} includes {name}: keep nlohmann out of headers" for p in self.in_lib() if p.suffix == ".h"
                   for _, name in includes(p) if name == "nlohmann/json.hpp"]
        self.assertEqual(wrong + headers, [])

    def test_bindings_see_only_the_c_header(self):
        wrong = []
        for path in tracked(".h", ".cpp", ".c", ".hpp"):
            if path.is_relative_to(ROOT / "bindings"):
                wrong += [f"{path.relative_to(ROOT)} includes {name}" for quote, name in includes(path)
                          if quote == '"' and name.split("/")[0] in ROOMS and not (path.parent / name).exists()]
        self.assertEqual(wrong, [])

    def test_each_header_compiles_alone(self):
        build = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
        deps = ROOT / ".deps"
        flags = ["-std=c++20", "-c", "-O0", "-fopenmp", "-x", "c++", "-Wall", "-Wextra", "-Wno-pragma-once-outside-header",
                 f"-I{ROOT / 'lib'}", f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests'}", f"-isystem{build / 'generated/onnx_proto'}"]
        flags += [f"-isystem{deps / d / 'include'}" for d in ("onednn", "protobuf", "yaml-cpp", "re2", "libarchive", "zlib")]
        headers = [p for p in tracked(".h") if p.is_relative_to(ROOT / "lib") or p.is_relative_to(ROOT / "tests/support")]
        # mo_isa_*.h style bodies, included once per instruction set, say so in their name
        headers = [p for p in headers if not p.name.endswith("_body.h")]

        compiler = ["ccache", "g++"] if shutil.which("ccache") else ["g++"]
        environment = {**os.environ, "CCACHE_BASEDIR": str(ROOT.parent), "CCACHE_NOHASHDIR": "1"}
        with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:

            def compile_one(path):   # through a source file, so that ccache can remember the verdict
                name = str(path.relative_to(ROOT))
                source = pathlib.Path(scratch) / (name.replace("/", "_") + ".cpp")
                source.write_text(f'#include "{name}"\n')
                run = subprocess.run([*compiler, *flags, f"-I{ROOT}", source.name, "-o", source.name + ".o"], cwd=scratch,
                                     capture_output=True, text=True, env=environment)
                return None if run.returncode == 0 else f"{name}: {run.stderr.strip().splitlines()[:3]}"

            self.assertEqual([x for x in pool.map(compile_one, headers) if x], [])

    def test_what_only_one_processor_has_stands_behind_a_guard(self):
        """The cross build finds the rest, but not on each run."""
        wrong = []
        for path in tracked(".h", ".cpp"):
            if not path.is_relative_to(ROOT / "lib"):
                continue
            text, name = path.read_text(), str(path.relative_to(ROOT))
            if "target_clones" in text and name != "lib/base/clones.h":
                wrong.append(f"{name}: target_clones, wanted MO_CLONES of base/clones.h")
            if path.suffix == ".cpp" and re.search(r"(?<!#ifdef __x86_64__\n)#include <\w*intrin.h>", text):
                wrong.append(f"{name}: intrinsics, wanted #ifdef __x86_64__ before them")
        self.assertEqual(wrong, [])

    def test_first_line_says_what_a_file_is(self):
        files = [p for p in tracked(".h", ".cpp", ".c", ".inc", ".cu") if p.parts[len(ROOT.parts)] in ("lib", "bindings", "include", "tests")]
        bare = [str(p.relative_to(ROOT)) for p in files
                if not p.read_text(errors="replace").startswith(("// ", "/* ", "/// ", "/** ", "//"))]
        self.assertEqual(bare, [])

    def test_tree_is_clean(self):
        patterns = {r"\bTODO\b|\bFIXME\b|\bXXX\b": "an open end", r"/work/|/home/[a-z]|/root/": "a machine's path"}
        wrong = []
        for path in tracked():
            name = str(path.relative_to(ROOT))
            if name == "tests/tools/structure_test.py" or path.stat().st_size > 1 << 20:
                continue
            data = path.read_bytes()
            if b"\0" in data[:8000]:
                continue
            for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
                wrong += [f"{name}:{number}: {what}" for pattern, what in patterns.items() if re.search(pattern, line)]
        self.assertEqual(wrong, [])

    def test_no_large_file(self):
        large = [f"{p.relative_to(ROOT)}: {p.stat().st_size} bytes" for p in tracked() if p.stat().st_size > 1 << 20]
        self.assertEqual(large, [])

    def test_long_files_are_reported(self):
        counted = sorted(((len(p.read_bytes().splitlines()), str(p.relative_to(ROOT))) for p in tracked(".h", ".cpp", ".c", ".py")
                          if p.is_relative_to(ROOT / "lib") or p.is_relative_to(ROOT / "bindings")), reverse=True)
        for lines, name in counted[:8]:
            if lines > 400:
                print(f"    {lines} lines: {name}")
        if counted:
            lengths = [c[0] for c in counted]
            print(f"    {len(lengths)} files, {sum(lengths)} lines, median {lengths[len(lengths) // 2]}, longest {lengths[0]}")


if __name__ == "__main__":
    unittest.main()
