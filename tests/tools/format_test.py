"""C and C++ are laid out as .clang-format says; `tests/tools/format_test.py --write` lays them out."""
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / ".venv/bin/clang-format"


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h", "*.hpp", "*.cpp"],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in listed if "_wrap" not in name and "generated" not in name and (ROOT / name).is_file()]


class Format(unittest.TestCase):
    def test_every_source_is_laid_out(self):
        done = subprocess.run([TOOL, "--dry-run", "--Werror", "--ferror-limit=1", *sources()], cwd=ROOT, capture_output=True, text=True)
        files = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-formatted" in line})
        self.assertEqual(done.returncode, 0, f"{files or done.stderr[-500:]}; run .venv/bin/python tests/tools/format_test.py --write")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(subprocess.run([TOOL, "-i", *sources()], cwd=ROOT).returncode)
    unittest.main()
