"""Asks the scoring service of an example: real pictures must get the scores of a direct run, and what is no sample a refusal that says why."""
import array
import json
import os
import pathlib
import re
import struct
import subprocess
import tarfile
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
SHAPE = [1, 3, 32, 32]
CLASSES = ["arrow", "circle", "cross", "drop", "heart", "moon", "ring", "square", "star", "triangle"]


def pixels(png):
    """The RGB rows of a PNG of at most 16 colours, as `examples/shapes` has them."""
    at, packed, palette = 8, b"", b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        content = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
        palette = content if kind == b"PLTE" else palette
        packed += content if kind == b"IDAT" else b""
        at += size + 12
    assert colour == 3 and 8 % depth == 0
    line = width * depth // 8 + 1
    data, above = zlib.decompress(packed), bytes(line - 1)
    for y in range(height):
        row = unfiltered(data[y * line], data[y * line + 1:(y + 1) * line], above)
        yield [palette[3 * i:3 * i + 3] for i in (row[x * depth // 8] >> (8 - depth - x * depth % 8) & (1 << depth) - 1 for x in range(width))]
        above = row


def unfiltered(kind, line, above):
    """A line of a PNG without the prediction from the pixel to the left, above and both."""
    row = bytearray()
    for x, value in enumerate(line):
        a, b, c = (row[x - 1], above[x], above[x - 1]) if x else (0, above[0], 0)
        nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        row.append(value + (0, a, b, (a + b) // 2, nearest)[kind] & 255)
    return row


def samples(count):
    """(class, 3072 numbers) of the first pictures of the test set, as test.yaml says: (pixel / 255 - 0.5) / 0.25, channel after channel."""
    with tarfile.open(ROOT / "examples/shapes/test.tar.gz") as pictures:
        members = sorted((m for m in pictures.getmembers() if m.isfile()), key=lambda m: m.name.split("/")[1])[:count]
        for member in members:
            rows = list(pixels(pictures.extractfile(member).read()))
            yield CLASSES.index(member.name.split("/")[0]), array.array("f", [(p[c] / 255 - 0.5) / 0.25 for c in range(3) for row in rows for p in row])


def direct(model, row):
    """The scores by `mo run`."""
    with tempfile.TemporaryDirectory() as made:
        at = pathlib.Path(made)
        head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(SHAPE)}, }}"
        head += " " * (-(len(head) + 11) % 64) + "\n"
        with zipfile.ZipFile(at / "in.npz", "w") as file:
            file.writestr("image.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + row.tobytes())
        subprocess.run([BUILD / "bin/mo", "run", model, "--inputs", at / "in.npz", "--output", at / "out.npz", "--threads", "1"], check=True, stdout=subprocess.DEVNULL)
        with zipfile.ZipFile(at / "out.npz") as file:
            content = file.read(file.namelist()[0])
        return array.array("f", content[10 + struct.unpack("<H", content[8:10])[0]:])


def ask(url, data=None):
    try:
        with urllib.request.urlopen(url, data, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def body(language, row, shape=SHAPE):
    numbers = ", ".join(map(repr, row))
    return (f'{{"shape": {list(shape)}, "data": [{numbers}]}}' if language == "go" else numbers).encode()


def scores(text):
    """Whatever the answer calls them: {"scores": [...]} or {"OUTPUT": {"data": [...]}}."""
    (value,) = json.loads(text).values()
    return array.array("f", value["data"] if isinstance(value, dict) else value)


def check(language, url, model):
    """Yields (name, passed, what was said)."""
    known = right = 0
    for label, row in samples(20):
        status, text = ask(url + "/score", body(language, row))
        same = status == 200 and scores(text) == direct(model, row)
        known, right = known + same, right + (same and max(range(10), key=scores(text).__getitem__) == label)
    yield "20 pictures get the scores of a direct run, bit for bit", known == 20, f"{known} of 20; {text[:300]}"
    yield "nearly all pictures are what they show", right >= 17, f"{right} of 20"

    answers, (_, row) = [], next(samples(1))
    threads = [threading.Thread(target=lambda: answers.append(ask(url + "/score", body(language, row)))) for _ in range(16)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    yield "16 clients at once get the same answer", len(answers) == 16 and set(answers) == {(200, answers[0][1])}, answers[:2]

    for name, wrong, said in [("two numbers", body(language, [1.0, 2.0]), r"3072|12288|shape"), ("no numbers", b"hello, [world", r"hello|body|character"),
                              ("an empty body", b"", r"0 numbers|empty|EOF")]:
        status, text = ask(url + "/score", wrong)
        yield f"{name}: 400, and why", status == 400 and re.search(said, text) is not None, f"{status} {text}"
    status, text = ask(url + "/nothing")
    yield "another path: 404", status == 404, f"{status} {text}"
    yield "it still answers after all that", ask(url + "/model")[0] == 200, ""
