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
NATIVES = BUILD / "csharp/native"
counts = {"passed": 0, "failed": 0, "skipped": 0}


def note(name, output, *wanted):
    missing = [w for w in wanted if w not in output]
    counts["failed" if missing else "passed"] += 1
    print(f"{'FAILED' if missing else 'ok    '} {name}")
    if missing:
        print(f"  not said: {missing}\n  {output[:1500]}")


def gcc(*arguments):
    subprocess.run(["gcc", "-shared", "-fPIC", *[str(a) for a in arguments]], check=True)


def other_abi(folder):
    """A library with every symbol of libmo, of which the ABI is 99."""
    names = [n for n in re.findall(r"^mo_\w+", (ROOT / "tests/abi/symbols.txt").read_text(), re.M) if n not in ("mo_abi_version", "mo_version", "mo_error_name")]
    source = folder / "other.c"
    source.write_text("int mo_abi_version(void) { return 99; }\nconst char *mo_version(void) { return \"9.9.9\"; }\n"
                      "const char *mo_error_name(int code) { return \"MO_ERR_UNKNOWN\"; }\n" + "".join(f"void *{n}(void) {{ return 0; }}\n" for n in names))
    gcc(source, "-o", folder / "libmo.so.1", "-Wl,-soname,libmo.so.1", f"-Wl,--version-script={ROOT}/cmake/mo.map")


def answer(program, **environment):
    done = subprocess.run([*program, str(ROOT / "tests/conformance/models")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          env={**os.environ, **{k: str(v) for k, v in environment.items()}}, cwd=tempfile.gettempdir())
    assert done.returncode != 0, "it ran"
    return done.stdout.decode(errors="replace")


def csharp(program, at):
    def folder(name, natives=True):
        made = at / name
        made.mkdir()
        if natives:
            for file in NATIVES.iterdir():
                (made / file.name).symlink_to(file) if file.name != "libmo_csharp.so" else shutil.copy(file, made)
        return made

    empty = folder("nothing here", natives=False)
    note("no library there: path and architecture", answer(program, LIBMO_NATIVE_DIR=empty), str(empty / "libmo_csharp.so"), "no such file", "linux-x64")

    gomp = folder("gomp", natives=False)
    (gomp / "empty.c").write_text("int libmo_empty(void) { return 0; }\n")
    gcc(gomp / "empty.c", "-o", gomp / "libgomp-missing.so", "-Wl,-soname,libgomp-missing.so")
    (gomp / "user.c").write_text("int libmo_empty(void); int libmo_user(void) { return libmo_empty(); }\n")
    gcc(gomp / "user.c", "-o", gomp / "libmo_csharp.so", gomp / "libgomp-missing.so")
    (gomp / "libgomp-missing.so").unlink()
    note("no OpenMP runtime: which package brings it", answer(program, LIBMO_NATIVE_DIR=gomp), "libgomp-missing.so", "libgomp1")

    narrow = folder("32 bits")
    file = bytearray((narrow / "libmo_csharp.so").read_bytes())
    file[4] = 1   # ELFCLASS32
    (narrow / "libmo_csharp.so").write_bytes(file)
    note("32 bits: another architecture", answer(program, LIBMO_NATIVE_DIR=narrow), "built for another architecture")

    arm = folder("arm")
    file = bytearray((arm / "libmo_csharp.so").read_bytes())
    file[18:20] = struct.pack("<H", 183)   # aarch64
    (arm / "libmo_csharp.so").write_bytes(file)
    note("arm: another architecture", answer(program, LIBMO_NATIVE_DIR=arm), str(arm), "linux-x64", "built for another architecture")

    abi = folder("abi")
    (abi / "libmo.so.1").unlink()
    other_abi(abi)
    note("another ABI", answer(program, LIBMO_NATIVE_DIR=abi), "ABI 99", "needs 1", "9.9.9")

    noexec = folder("noexec", natives=False)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,size=8m", "tmpfs", str(noexec)], stderr=subprocess.DEVNULL).returncode:
        counts["skipped"] += 1
        print("skip   a folder mounted noexec: mounting is not allowed here")
    else:
        try:
            shutil.copy(NATIVES / "libmo_csharp.so", noexec)
            note("a folder mounted noexec", answer(program, LIBMO_NATIVE_DIR=noexec, LD_LIBRARY_PATH=NATIVES), "noexec", "LIBMO_NATIVE_DIR")
        finally:
            subprocess.run(["umount", str(noexec)], check=True)


def go(program, at):
    note("no library there", answer(program, LD_LIBRARY_PATH=at), "libmo.so.1")
    other_abi(at)
    note("another ABI", answer(program, LD_LIBRARY_PATH=at), "ABI 99", "needs 1", "9.9.9")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        {"go": go, "csharp": csharp}[sys.argv[1]](sys.argv[2:], pathlib.Path(made))
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(counts["failed"] != 0)
