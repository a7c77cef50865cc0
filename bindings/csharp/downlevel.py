#!/usr/bin/env python3
"""Makes C# 7 of the face's C# 8 for Mono's mcs: takes out the nullable annotations of reference types. usage: downlevel.py FOLDER FILE..."""
import pathlib
import re
import sys

VALUES = r"(?:int|long|double|bool|float|byte|TimeSpan|ElementType|DateTime)"   # their ? is Nullable<T>, and stays


def downlevel(text):
    text = re.sub(r"^#nullable .*$", "", text, flags=re.M)
    # a type, then ?, then what can follow a type: a name, a closing bracket, a dimension. `a ? b : c` has a blank before its ?.
    text = re.sub(r"([A-Za-z_][\w.]*(?:<[\w<>,\s.?]*>)?(?:\[\])?)\?(?=[\s)>,\[])", lambda m: m[0] if re.fullmatch(VALUES, m[1]) else m[1], text)
    return re.sub(r"(?<=[\w)\]])!(?=[.,;)\[])", "", text)   # and the "surely not null" marks


if __name__ == "__main__":
    to = pathlib.Path(sys.argv[1])
    to.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        source = pathlib.Path(name)
        (to / source.name).write_text(downlevel(source.read_text()))
