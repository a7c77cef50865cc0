"""Shared by the ABI tests: where the library and the header are, and the prototypes of mo.h."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build"))
LIBRARY = BUILD / "lib/libmo.so.1"
INCLUDE = ROOT / "include"
HEADER = INCLUDE / "mo/mo.h"


def prototypes():
    """[(return type, name, [argument types])] as the compiler sees them."""
    run = subprocess.run(["gcc", "-E", "-P", "-std=c99", f"-I{INCLUDE}", str(HEADER)], capture_output=True, text=True, check=True)
    text = re.sub(r"__attribute__\s*\(\(\w+(\(\"\w+\"\))?\)\)\s*", "", run.stdout)
    text = re.sub(r"\{[^{}]*\}", "", text)
    found = []
    for statement in text.split(";"):
        statement = " ".join(statement.split())
        match = re.match(r"^(?:extern )?((?:const )?[\w ]+?[ *]+)(mo_\w+) ?\((.*)\)$", statement)
        if match and not statement.startswith("typedef"):
            found.append((match[1].strip(), match[2], split_arguments(match[3])))
    return found


def split_arguments(text):
    depth, current, parts = 0, "", []
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += letter
    parts.append(current.strip())
    return [] if parts == ["void"] or parts == [""] else parts


def exported(path, *options):
    run = subprocess.run(["nm", "-D", *options, str(path)], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()
