#!/usr/bin/env python3
"""Follows the README of the examples in a language line by line in an empty folder, with nothing but the installed package.

usage: readme.py c|cpp|go|csharp|java      prints "N passed, N failed, N skipped" last; every command line of the README is a check. The scoring service that it
starts, if any, is then asked more (service.py), and told to end.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import service

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
MODEL = ROOT / "examples/shapes/shapes.onnx"


def commands(readme):
    return [line[4:].strip() for line in readme.read_text().splitlines() if line.startswith("    ")]


def free_port():
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return str(s.getsockname()[1])


def answered(line, output):
    """Whether a server's answer to the README's request is one: the model's description, or the scores of the ten classes."""
    if "curl" not in line:
        return True
    return len(re.findall(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", output)) >= 10 if "/score" in line else "Conv" in output


def interruptible():
    signal.signal(signal.SIGINT, signal.SIG_DFL)   # a shell's background jobs ignore it, and their children too


def main():
    language = sys.argv[1]
    examples = ROOT / "examples" / language
    script = {"go": "go.sh", "csharp": "nuget.sh", "java": "java.sh", "c": None, "cpp": None}[language]
    if script and (language != "java" or not list((BUILD / "packages/java").glob("*-all.jar"))):   # java.sh takes long, and java.py has run it
        subprocess.run([ROOT / "packaging" / script], check=True, env={**os.environ, "MO_BUILD": str(BUILD)}, stdout=subprocess.DEVNULL)
    counts = {True: 0, False: 0}

    def note(name, good, said=""):
        counts[bool(good)] += 1
        print(f"{'ok    ' if good else 'FAILED'} {name}")
        if not good:
            print(str(said)[-1500:])

    with tempfile.TemporaryDirectory() as made:
        at = pathlib.Path(made)
        work, prefix = at / "work", at / "installed"
        work.mkdir()
        for source in [*(p for p in examples.iterdir() if p.is_file() and p.name != "README.md"), MODEL, *MODEL.parent.glob("*.yaml"), *MODEL.parent.glob("*.tar.gz")]:
            shutil.copy(source, work)
        if language in ("c", "cpp", "go"):
            subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        elif language == "csharp":
            shutil.copy(next((BUILD / "packages/nuget").glob("*.nupkg")), work)
        go = shutil.which("go")
        clean = {"PATH": "/usr/bin:/bin" + (f":{pathlib.Path(go).parent}" if go else ""), "HOME": str(at), "LC_ALL": "C.UTF-8", "GOTOOLCHAIN": "local",
                 "GOCACHE": str(BUILD / "go-cache"), "GOMODCACHE": str(at / "modules"), **{k: v for k, v in os.environ.items() if k in ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS")}}
        port, exports, server = free_port(), [], None
        for line in commands(examples / "README.md"):
            line = re.sub(r"\bPREFIX\b", str(prefix), line).replace("PACKAGES", str(BUILD / "packages")).replace("8080", port).replace("8081", port)
            if line.startswith("export "):
                exports.append(line)
                continue
            full = "; ".join(["set -e", *exports, line.replace("curl ", "curl -sf --retry 60 --retry-connrefused --retry-delay 1 ")])
            if line.endswith("&"):
                terminal, end = os.openpty()   # Mono listens to Ctrl-C only there
                server = subprocess.Popen(["bash", "-c", full.rstrip("& ")], cwd=work, env={**clean, "TERM": "xterm"}, start_new_session=True, stdin=end, stdout=end, stderr=end,
                                          preexec_fn=interruptible)
                continue
            run = subprocess.run(["bash", "-c", full], cwd=work, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            note(line, run.returncode == 0 and answered(line, run.stdout), run.stdout)
        if server:
            for check in service.check(language, f"http://localhost:{port}", work / "shapes_int8.onnx"):
                note(*check)
            going = server.poll() is None
            if going:
                os.killpg(server.pid, signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
                going = False
            log = os.read(terminal, 1 << 16).decode()
            note("the service ends when it is interrupted, and not before", going and (language == "java" or "stopped" in log), log)
        subprocess.run(["chmod", "-R", "u+w", str(at)])   # Go makes its module cache read-only
    print(f"{counts[True]} passed, {counts[False]} failed, 0 skipped")
    return counts[False] != 0


if __name__ == "__main__":
    sys.exit(main())
