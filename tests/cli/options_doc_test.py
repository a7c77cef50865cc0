"""docs/options.md says what the library's own schema says. `options_doc_test.py --write` makes the page anew."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MO = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")) / "bin/mo"
PAGE = ROOT / "docs/options.md"
HEAD = """# Options

Generated from the library's schema by `tests/cli/options_doc_test.py --write`. A key is set with `mo_options_set_*` or `mo_options_parse` in C, written
nested or dotted in YAML and JSON, and is a flag of the command line with `-` for `_` and `.` (`calibration.method` is `--calibration-method`).
"""


def ask(*arguments):
    return json.loads(subprocess.run([str(MO), "options", *arguments, "--json"], capture_output=True, text=True, check=True).stdout)


def row(option):
    legal = []
    if "choices" in option:
        legal.append(", ".join(f"`{c['value']}`" for c in option["choices"] if c["value"]))
    if "minimum" in option or "maximum" in option:
        legal.append(f"{option.get('minimum', '')}..{option.get('maximum', '')}")
    key = f"`{option['key']}`" + (f" (`{option['alias']}`)" if "alias" in option else "")
    default = "" if option["default"] in (None, "", []) else f"`{json.dumps(option['default'])}`".replace('"', "")
    return f"| {key} | {option['type']} | {default} | {'; '.join(legal)} | {option['help']} |"


def page():
    parts = [HEAD]
    for operation in ask()["operations"]:
        name = operation["operation"]
        parts.append(f"\n## {name}\n\n{operation['help']}\n\n| key | type | default | legal | |\n|---|---|---|---|---|\n")
        options = ask(name)["options"]
        parts.append("\n".join(row(o) for o in options) + "\n")
        for option in options:
            explained = [c for c in option.get("choices", []) if c["help"] and c["value"]]
            if explained:
                parts.append(f"\n`{option['key']}`:\n\n" + "\n".join(f"- `{c['value']}`: {c['help']}" for c in explained) + "\n")
    return "".join(parts)


@unittest.skipUnless(MO.exists(), "mo is not built")
class OptionsPage(unittest.TestCase):
    def test_page_is_current(self):
        self.assertEqual(PAGE.read_text(), page(), "run tests/cli/options_doc_test.py --write")


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page())
    else:
        unittest.main()
