#!/usr/bin/env python3
"""A native library that does not load, or is another one, ends in a message that names the cause. usage: loading.py go|csharp PROGRAM...

PROGRAM is the conformance program of the language, as a command. Prints "N passed, N failed, N skipped" last.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
NATIVES = {"csharp": BUILD / "csharp/native", "go": BUILD / "stage/lib"}
FILE = {"csharp": "libmo_csharp.so", "go": "libmo.so.1"}   # what the face opens
RID = {"csharp": "linux-x64", "go": "linux-amd64"}
counts = {"passed": 0, "failed": 0, "skipped": 0}


def note(name, output, *wanted):
    missing = [w for w in wanted if w not in output]
    counts["failed" if missing else "passed"] += 1
    print(f"{'FAILED' if missing else 'ok    '} {name}")
    if missing:
        print(f"  not said: {missing}\n  {output[:1500]}")


def gcc(*arguments):
    subprocess.run(["gcc", "-shared", "-fPIC", *[str(a) for a in arguments]], check=True)


def other_abi(folder, number=99, without=""):
    """A library with every symbol of libmo (but one), of which the ABI is 99."""
    names = [n for n in re.findall(r"^mo_\w+", (ROOT / "tests/abi/symbols.txt").read_text(), re.M) if n not in ("mo_abi_version", "mo_version", "mo_error_name", without)]
    source = folder / "other.c"
    source.write_text(f"int mo_abi_version(void) {{ return {number}; }}\n"
                      "const char *mo_version(void) { return \"9.9.9\"; }\n"
                      "const char *mo_error_name(int code) { return \"MO_ERR_UNKNOWN\"; }\n" + "".join(f"void *{n}(void) {{ return 0; }}\n" for n in names))
    gcc(source, "-o", folder / "libmo.so.1", "-Wl,-soname,libmo.so.1", f"-Wl,--version-script={ROOT}/cmake/mo.map")


def answer(program, **environment):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "LIBMO_NATIVE_DIR")}
    done = subprocess.run([*program, str(ROOT / "tests/conformance/models")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          env={**env, **{k: str(v) for k, v in environment.items()}}, cwd=tempfile.gettempdir())
    assert done.returncode != 0, "it ran"
    return done.stdout.decode(errors="replace")


def every_face(language, program, at):
    """What the faces share: the folder that LIBMO_NATIVE_DIR names, with something wrong in it."""
    natives, file = NATIVES[language], FILE[language]

    def folder(name, copied=True):
        made = at / name
        made.mkdir()
        for library in natives.glob("*") if copied else ():
            (made / library.name).symlink_to(library) if library.name != file else shutil.copy(library, made)
        return made

    empty = folder("nothing here", copied=False)
    note("no library there: path and architecture", answer(program, LIBMO_NATIVE_DIR=empty), str(empty / file), "no such file", RID[language])

    gomp = folder("gomp", copied=False)
    (gomp / "empty.c").write_text("int libmo_empty(void) { return 0; }\n")
    gcc(gomp / "empty.c", "-o", gomp / "libgomp-missing.so", "-Wl,-soname,libgomp-missing.so")
    (gomp / "user.c").write_text("int libmo_empty(void); int libmo_user(void) { return libmo_empty(); }\n")
    gcc(gomp / "user.c", "-o", gomp / file, gomp / "libgomp-missing.so")
    (gomp / "libgomp-missing.so").unlink()
    note("no OpenMP runtime: which package brings it", answer(program, LIBMO_NATIVE_DIR=gomp), str(gomp / file), "libgomp-missing.so", "libgomp1")

    for name, place, value, word in ("32 bits", 4, b"\1", "ELFCLASS32"), ("arm", 18, struct.pack("<H", 183), "aarch64"):
        foreign = folder(name)
        content = bytearray((foreign / file).read_bytes())
        content[place:place + len(value)] = value
        (foreign / file).write_bytes(content)
        note(f"{word}: another architecture", answer(program, LIBMO_NATIVE_DIR=foreign), str(foreign / file), RID[language], "built for another architecture")

    abi = folder("abi")
    (abi / "libmo.so.1").unlink()
    other_abi(abi)
    note("another ABI", answer(program, LIBMO_NATIVE_DIR=abi), "ABI 99", "needs 1", "9.9.9")

    noexec = folder("noexec", copied=False)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,size=200m", "tmpfs", str(noexec)], stderr=subprocess.DEVNULL).returncode:
        counts["skipped"] += 1
        print("skip   a folder mounted noexec: mounting is not allowed here")
    else:
        try:
            shutil.copy(natives / file, noexec)
            note("a folder mounted noexec", answer(program, LIBMO_NATIVE_DIR=noexec, LD_LIBRARY_PATH=natives), str(noexec / file), "noexec", "LIBMO_NATIVE_DIR")
        finally:
            subprocess.run(["umount", str(noexec)], check=True)


def csharp(program):
    bare = pathlib.Path(program[-1]).parent   # it has no natives
    note("no library anywhere: the paths tried", answer(program), str(bare / "libmo_csharp.so"), str(bare / "runtimes/linux-x64/native/libmo_csharp.so"),
         "\n  libmo_csharp.so: ")


def go(program, at):
    note("no library anywhere: the paths tried", answer(program, LD_LIBRARY_PATH=at), str(pathlib.Path(program[-1]).parent / "libmo.so.1"), str(at / "libmo.so.1"),
         "the system's folders")
    (at / "older").mkdir()
    other_abi(at / "older", number=1, without="mo_tensors_create")
    note("an older library", answer(program, LIBMO_NATIVE_DIR=at / "older"), str(at / "older"), "it lacks mo_tensors_create", "9.9.9")


def main(language, program):
    with tempfile.TemporaryDirectory(prefix="mo loading ") as made:
        every_face(language, program, pathlib.Path(made))
        csharp(program) if language == "csharp" else go(program, pathlib.Path(made))
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
