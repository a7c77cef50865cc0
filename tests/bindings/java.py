#!/usr/bin/env python3
"""Checks the Java binding: builds the artefacts with their JUnit tests under -Xcheck:jni, then works with the packaged jar alone.

Prints "N passed, N failed, N skipped" last. The jar's checks: the conformance list, every example in an empty folder as its README says, quantizing gives the bytes that
a C program makes, a library of another ABI is refused; and with Maven projects that depend on it.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
MODELS = ROOT / "tests/conformance/models"
SANITIZED = bool(os.environ.get("MO_SANITIZED"))   # tests/bindings/sanitized.sh
CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
         **{k: v for k, v in os.environ.items() if k in ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS")}}
counts = {"passed": 0, "failed": 0, "skipped": 0}


def note(name, good, text=""):
    counts["passed" if good else "failed"] += 1
    print(f"{'ok    ' if good else 'FAILED'} {name}")
    if not good:
        print(str(text)[-2000:])


def run(command, **options):
    options.setdefault("timeout", 300)
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def units():
    for old in (BUILD / "java/maven/surefire-reports").glob("*.dump*"):   # of an earlier run
        old.unlink()
    made = run([ROOT / "packaging/java.sh", *["-Dmaven.javadoc.skip", "-Dmo.heap=1g"] * SANITIZED], timeout=900)
    tests = re.findall(r"^\[\w+\] Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)\s*$", made.stdout, re.M)
    if tests:
        total, failures, errors, skipped = (int(n) for n in tests[-1])
        counts["passed"] += total - failures - errors - skipped
        counts["failed"] += failures + errors
        counts["skipped"] += skipped
    note("artefacts: JUnit, javadoc without warnings, jars", made.returncode == 0 and tests, made.stdout)
    note("-Xcheck:jni has nothing to say in the JUnit tests", "WARNING in native method" not in made.stdout and not list((BUILD / "java/maven/surefire-reports").glob("*.dumpstream")))
    return made.returncode == 0


def suite(name, *command):
    """A program that prints "N passed, N failed, N skipped" last."""
    done = run([sys.executable, *command], timeout=600)
    found = re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", done.stdout, re.M)
    passed, failed, skipped = (int(n) for n in found[-1]) if found else (0, 1, 0)
    counts["passed"] += passed
    counts["failed"] += failed
    counts["skipped"] += skipped
    note(name, done.returncode == 0, done.stdout)
    return passed


def conformance(jar):
    passed = suite("conformance, byte for byte like C, under -Xcheck:jni", ROOT / "tests/conformance/run.py", "java", "java", "-Xcheck:jni", "-cp", jar,
                   ROOT / "tests/conformance/java/Conformance.java")
    note("the conformance list has 40 checks and more", passed >= 40, passed)


# C forms of what the face does in its own way
NOT_WRAPPED = {"mo_buffer_data", "mo_buffer_size", "mo_buffer_text", "mo_error_free", "mo_error_name", "mo_options_add_string", "mo_port_dims",
               "mo_tensor_data", "mo_tensor_dims"}


def complete():
    text = "".join(p.read_text() for p in (ROOT / "bindings/java/src/main/java").rglob("*.java"))
    used = set(re.findall(r"\bmo_[a-z_0-9]+\b", text))
    exported = {n for n in (ROOT / "tests/abi/symbols.txt").read_text().split() if n.startswith("mo_")}
    note("the face has every function of mo.h", exported - used == NOT_WRAPPED, sorted((exported - used) ^ NOT_WRAPPED))


def other_abi(folder, jar):
    """A libmo.so.1 that has every symbol but another ABI number."""
    names = [n.split("@")[0].strip() for n in (ROOT / "tests/abi/symbols.txt").read_text().split() if n.startswith("mo_")]
    source = "\n".join("int mo_abi_version(void) { return 2; }" if n == "mo_abi_version" else f"void *{n}(void) {{ return 0; }}" for n in names)
    (folder / "stub.c").write_text(source + "\n")
    (folder / "stub.map").write_text("MO_1.0 { global: mo_*; local: *; };\n")
    stub = folder / "stub"
    stub.mkdir()
    run(["gcc", "-shared", "-fPIC", "-w", folder / "stub.c", "-o", stub / "libmo.so.1", "-Wl,-soname,libmo.so.1", f"-Wl,--version-script={folder}/stub.map"])
    shutil.copy(BUILD / "java/libmojni.so", stub)
    (folder / "Version.java").write_text("public class Version { public static void main(String[] a) { System.out.println(ai.libmo.Libmo.version()); } }\n")
    done = run(["java", f"-Dai.libmo.library.path={stub}", "-cp", jar, folder / "Version.java"])
    wanted = ["ABI version 2, this jar is for 1", f"Loaded are {stub}/libmo.so.1", f"property ai.libmo.library.path: {stub}/libmojni.so was loaded"]
    note("a library of another ABI is refused, with its path", all(text in done.stdout for text in wanted), done.stdout)


def allocation(jar):
    done = run(["java", "-Xmx128m", "-cp", jar, ROOT / "bench/bindings/Overhead.java", MODELS / "add.onnx"], input="\n" * 8)
    note("no heap is allocated per run", done.stdout.rstrip().endswith(" 0.0000 bytes"), done.stdout)


def main():
    begin = time.monotonic()
    complete()
    if units():
        jar = next((BUILD / "packages/java").glob("libmo-*-all.jar"))
        with tempfile.TemporaryDirectory(prefix="mo java ") as made:   # a space in the path, too
            folder = pathlib.Path(made)
            conformance(jar)
            suite("examples, line by line as their README says", ROOT / "tests/bindings/readme.py", "java")
            suite("quantizing gives the bytes that C makes", ROOT / "tests/bindings/same_bytes.py", "java", "-cp", jar, ROOT / "tests/bindings/Quantize.java")
            suite("strangers' Maven projects", ROOT / "tests/bindings/consumer.py")
            other_abi(folder, jar)
            allocation(jar)
    print(f"{time.monotonic() - begin:.0f} s")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
