"""The real models of ../shared against ONNX Runtime: makes the reference runs once, then runs the C++ test that compares with them."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))


def main():
    if not (ROOT.parent / "shared/models").is_dir():
        print("skipped: the real models: ../shared is absent")
        return 0, 0, 1
    references = BUILD / "references"
    script = ROOT / "tests/tools/shared_references.py"
    made = references / "models.txt"
    if not made.exists() or made.stat().st_mtime < script.stat().st_mtime:
        shutil.rmtree(references, ignore_errors=True)
        subprocess.run([sys.executable, script, references], check=True, stdout=subprocess.DEVNULL)
    run = subprocess.run([BUILD / "bin/mo_tests", "-tc=shared models*"], text=True, capture_output=True, env={**os.environ, "MO_REFERENCES": str(references)})
    print(run.stdout)
    count = re.search(r"test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed", run.stdout)
    if not count or count[1] == "0":
        return 0, 1, 0
    return int(count[2]), max(int(count[3]), int(run.returncode != 0)), 0
