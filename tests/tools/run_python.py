#!/usr/bin/env python3
"""Runs unittest files (*_test.py) below the given folders and prints "N passed, N failed, N skipped" last.

usage: run_python.py FOLDER_OR_FILE... [--except FOLDER...]
A file that defines main() instead of test cases is called; it returns (passed, failed, skipped) or prints that line itself.
"""
import importlib.util
import pathlib
import sys
import time
import unittest


class Tally(unittest.TextTestResult):
    """Counts each subTest as a check of its own and says how long a slow test took."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed = self.failed = 0
        self.sub = 0

    def startTest(self, test):
        self.sub, self.begin = 0, time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        took = time.monotonic() - self.begin
        if took > 5:
            self.stream.writeln(f"    {took:.0f} s: {test.id()}")
        super().stopTest(test)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        self.sub += 1
        if error is None:
            self.passed += 1
        elif not issubclass(error[0], unittest.SkipTest):
            self.failed += 1

    def addSuccess(self, test):
        super().addSuccess(test)
        if not self.sub:
            self.passed += 1

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.failed += 1

    def addError(self, test, error):
        super().addError(test, error)
        self.failed += 1

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.stream.writeln(f"skip {test.id()}: {reason}")


def find(arguments):
    wanted, without, into = [], [], None
    into = wanted
    for argument in arguments:
        if argument == "--except":
            into = without
        else:
            into.append(pathlib.Path(argument).resolve())
    for path in wanted:
        files = [path] if path.is_file() else sorted(path.rglob("*_test.py"))
        for file in files:
            if not any(file.is_relative_to(w) for w in without):
                yield file


def load(path):
    sys.path[:0] = [str(path.parent), str(pathlib.Path(__file__).resolve().parent)]
    spec = importlib.util.spec_from_file_location("_".join(path.with_suffix("").parts[-3:]), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main():
    passed = failed = skipped = 0
    for path in find(sys.argv[1:]):
        print(f"== {path.name}", flush=True)
        try:
            module = load(path)
            suite = unittest.defaultTestLoader.loadTestsFromModule(module)
            if suite.countTestCases() or not hasattr(module, "main"):
                result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Tally, verbosity=1).run(suite)
                counts = result.passed, result.failed, len(result.skipped)
            else:
                counts = module.main()
        except Exception as problem:  # a file that cannot be loaded is a failure, not the end of the run
            print(f"ERROR {path.name}: {type(problem).__name__}: {problem}")
            counts = 0, 1, 0
        passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
