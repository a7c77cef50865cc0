"""The library's own list of options, for the generators of typed builders: operations with their keys, types, defaults, choices and help."""
import json
import re
import subprocess


def operations(mo):
    """Every operation that the command line `mo` knows, as its schema; options sorted as the library lists them."""
    listed = json.loads(subprocess.check_output([mo, "options", "--json"], text=True))
    for entry in listed["operations"]:
        yield json.loads(subprocess.check_output([mo, "options", entry["operation"], "--json"], text=True))


def words(key):
    """The words of a key: "calibration.method" -> ["calibration", "method"]."""
    return [w for w in re.split(r"[^A-Za-z0-9]+", key) if w]


def pascal(key):
    return "".join(w[0].upper() + w[1:] for w in words(key))


def camel(key):
    name = pascal(key)
    return name[0].lower() + name[1:]


def constant(value):
    name = "_".join(words(value)).upper() or "NONE"
    return "_" + name if name[0].isdigit() else name


def sentence(text):
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?" else text + "."


def facts(option):
    """Default and range of an option, for its documentation."""
    default = option.get("default")
    parts = []
    if default is None or default == "" or default == []:
        parts.append("Default: none.")
    else:
        parts.append(f"Default: {json.dumps(default) if not isinstance(default, str) else default}.")
    low, high = option.get("minimum"), option.get("maximum")
    if high is not None and high >= 2 ** 53:   # as much as a number in JSON can say
        high = None
    if low is not None and high is not None:
        parts.append(f"From {low} to {high}.")
    elif low is not None:
        parts.append(f"At least {low}.")
    elif high is not None:
        parts.append(f"At most {high}.")
    return " ".join(parts)


# what an operation's options belong to, for sentences; an operation that is not here is called by its own name
ACTIONS = {
    "load": "reading a model", "save": "writing a model", "session": "a session", "dataset": "a data set", "calibration": "a calibration",
    "quantize": "quantization", "benchmark": "a benchmark", "evaluate": "an evaluation", "compare": "a comparison",
    "goal": "the search for a goal", "sensitivity": "sensitivities"}


def of(operation):
    return ACTIONS.get(operation["operation"], operation["operation"])


def wrapped(text, prefix, width=120):
    lines, line = [], prefix
    for word in text.split():
        if len(line) + len(word) + 1 > width and line != prefix:
            lines.append(line)
            line = prefix
        line += (" " if line[-1:] != " " else "") + word
    return lines + [line]
