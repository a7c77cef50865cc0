"""mo.h is plain C and C++: every standard, both compilers, no warning; its signatures hold only types every language can map."""
import re
import shutil
import subprocess
import tempfile
import pathlib
import unittest

import abi

STANDARDS = {"c": ["c99", "c11", "c17", "c2x"], "c++": ["c++11", "c++14", "c++17", "c++20", "c++2b"]}
COMPILERS = {"c": ["gcc", "clang-14"], "c++": ["g++", "clang++-14"]}


@unittest.skipUnless(abi.HEADER.exists(), "no include/mo/mo.h in this tree")
class Header(unittest.TestCase):
    def test_compiles_in_every_standard(self):
        for language, standards in STANDARDS.items():
            for compiler in filter(shutil.which, COMPILERS[language]):
                for standard in standards:
                    with self.subTest(compiler=compiler, standard=standard):
                        run = subprocess.run(
                            [compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror", "-Wstrict-prototypes"
                             if language == "c" else "-Wold-style-cast", f"-I{abi.INCLUDE}", "-fsyntax-only", "-"],
                            input='#include "mo/mo.h"\n#include "mo/mo.h"\nint mo_header_twice;\n', capture_output=True, text=True)
                        self.assertEqual(run.returncode, 0, run.stderr)

    def test_every_prototype_has_an_address(self):
        names = [name for _, name, _ in abi.prototypes()]
        self.assertGreater(len(names), 20)
        lines = "\n".join(f"  keep((any)&{name});" for name in names)
        program = f"#include <mo/mo.h>\ntypedef void (*any)(void);\nstatic volatile any kept;\nstatic void keep(any f) {{ kept = f; }}\n" \
                  f"int main(void) {{\n{lines}\n  return kept == 0;\n}}\n"
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "all.c"
            source.write_text(program)
            run = subprocess.run(["gcc", "-std=c99", f"-I{abi.INCLUDE}", str(source), "-o", f"{folder}/all", f"-L{abi.BUILD}/lib", "-lmo",
                                  f"-Wl,-rpath,{abi.BUILD}/lib", "-Wl,--allow-shlib-undefined"], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(subprocess.run([f"{folder}/all"]).returncode, 0)

    def test_signatures_use_only_portable_types(self):
        banned = re.compile(r"\b(size_t|ssize_t|long|short|unsigned|uint64_t|uint32_t|bool|_Bool|FILE|va_list)\b|\.\.\.")
        wrong = [name for result, name, arguments in abi.prototypes() if banned.search(" ".join([result, *arguments]))]
        self.assertEqual(wrong, [])

    def test_no_prototype_depends_on_a_macro(self):
        depth, wrong = 0, []
        for line in abi.HEADER.read_text().splitlines():
            if re.match(r"\s*#\s*if", line):
                depth += 0 if re.search(r"__cplusplus|MO_MO_H|MO_H|MO_API|__GNUC__|_WIN32|_MSC_VER", line) else 1
            wrong += [line] if depth > 0 and re.match(r"\s*MO_API", line) else []
            if re.match(r"\s*#\s*endif", line):
                depth = max(0, depth - 1)
        self.assertEqual(wrong, [])
