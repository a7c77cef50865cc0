#!/usr/bin/env python3
"""Compares a language's conformance program with the one in C, line by line. usage: run.py NAME COMMAND...  (the models' folder is appended)"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()


def lines(command, folder):
    run = subprocess.run([str(c) for c in command] + [str(HERE / "models")], cwd=folder, stdout=subprocess.PIPE, timeout=300)
    if run.returncode:
        print(f"FAILED {command[0]}: exit status {run.returncode}")
    return run.stdout.decode("utf-8").splitlines()


def reference(folder):
    program = folder / "conformance"
    subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include", HERE / "conformance.c", "-o", program, "-L", BUILD / "lib", "-lmo",
                    f"-Wl,-rpath,{BUILD}/lib", "-Wl,--allow-shlib-undefined"], check=True)
    return program


def main():
    name, command = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as made:
        at = pathlib.Path(made)
        for folder in ("first", "second"):
            (at / folder).mkdir()
        wanted = lines([reference(at)], at / "first")
        got = lines(command, at / "second")
    failed = abs(len(wanted) - len(got))
    for a, b in zip(wanted, got):
        if a != b:
            failed += 1
            print(f"FAILED {name}\n  C:  {a[:300]}\n  {name}: {b[:300]}")
    print(f"{max(0, len(wanted) - 1 - failed)} passed, {failed} failed, 0 skipped")
    return failed != 0 or len(wanted) < 40


if __name__ == "__main__":
    sys.exit(main())
