"""Draws the data set `shapes`: 32x32 pictures of ten kinds of symbol, cluttered and noisy, as class folders of PNG in .tar.gz.

    python make_data.py                      train.tar.gz, calib.tar.gz, test.tar.gz beside this file
    python make_data.py calib test           only these two
    python make_data.py --check calib test   draws again and compares with the pixels of the files that are there

Picture i of a split is drawn from the seed (seed of the split, i) alone, so a split can be made longer without changing its beginning.
"""
import argparse
import gzip
import io
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
CLASSES = ["arrow", "circle", "cross", "drop", "heart", "moon", "ring", "square", "star", "triangle"]
SPLITS = {"train": (1, 16000), "calib": (2, 200), "test": (3, 1000)}  # name: (seed, pictures)
SIZE = 32
SUB = 3  # sub-pixels along each axis, averaged: soft edges
COLOURS = 16  # a picture keeps this many colours: a small PNG, and one more thing to cope with


def polygon(x, y, corners):
    """True inside a polygon that may be concave: even number of crossings = outside."""
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0)):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


def around(radii, start=-np.pi / 2):
    """Corners at equal angles, at the given distances from the centre."""
    angle = start + 2 * np.pi * np.arange(len(radii)) / len(radii)
    return np.stack([radii * np.cos(angle), radii * np.sin(angle)], axis=1)


ARROW = np.array([(0, -1), (0.85, -0.05), (0.33, -0.05), (0.33, 0.95), (-0.33, 0.95), (-0.33, -0.05), (-0.85, -0.05)])


def symbol(kind, x, y, q):
    """Mask of one symbol in its own frame, where it fills about the unit circle; q in 0..1 varies its proportions."""
    r = np.hypot(x, y)
    if kind == "arrow":
        return polygon(x, y, ARROW * (0.85 + 0.3 * q, 1))
    if kind == "circle":
        return np.hypot(x / (0.85 + 0.1 * q), y / 0.92) < 1
    if kind == "cross":
        w = 0.24 + 0.12 * q
        return (np.maximum(abs(x), abs(y)) < 0.95) & (np.minimum(abs(x), abs(y)) < w)
    if kind == "drop":
        round_end = np.hypot(x, y - 0.35) < 0.6
        return round_end | polygon(x, y, np.array([(0, -1.1 + 0.2 * q), (0.56, 0.15), (-0.56, 0.15)]))
    if kind == "heart":
        u, v = 1.15 * x, 0.25 - 1.15 * y
        return (u * u + v * v - (0.75 + 0.1 * q)) ** 3 < u * u * v**3
    if kind == "moon":
        return (r < 0.95) & (np.hypot(x - 0.5 - 0.1 * q, y) > 0.8)
    if kind == "ring":
        return (r < 0.95) & (r > 0.42 + 0.15 * q)
    if kind == "square":
        return (abs(x) < 0.72 + 0.1 * q) & (abs(y) < 0.8)
    if kind == "star":
        return polygon(x, y, around(np.tile([1.05, 0.42 + 0.1 * q], 5)))
    return polygon(x, y, around(np.array([1.05, 1.0, 0.9 + 0.15 * q])))


def frame(cx, cy, radius, angle, squeeze=1.0):
    """Coordinates of every sub-pixel in a frame moved, turned and scaled."""
    at = (np.arange(SIZE * SUB) + 0.5) / SUB
    dx, dy = at[None, :] - cx, at[:, None] - cy
    c, s = np.cos(angle), np.sin(angle)
    return (c * dx + s * dy) / (radius * squeeze), (c * dy - s * dx) * squeeze / radius


def cover(mask):
    """Share of each pixel that a sub-pixel mask covers, [h, w, 1]."""
    return mask.reshape(SIZE, SUB, SIZE, SUB).mean(axis=(1, 3))[..., None]


def background(g):
    """A colour gradient, with or without stripes."""
    x, y = frame(SIZE / 2, SIZE / 2, SIZE / 2, g.uniform(0, 2 * np.pi))
    a, b = g.uniform(0.1, 0.9, (2, 3))
    share = np.clip(0.5 + 0.5 * x, 0, 1)
    if g.random() < 0.35:
        share = 0.5 + 0.5 * np.sin(g.uniform(4, 14) * y + g.uniform(0, 6))
    share = share.reshape(SIZE, SUB, SIZE, SUB).mean(axis=(1, 3))[..., None]
    return a + (b - a) * share * g.uniform(0.1, 0.6)


def clutter(g, picture):
    """One thin line or small ellipse somewhere."""
    cx, cy = g.uniform(0, SIZE, 2)
    x, y = frame(cx, cy, 1, g.uniform(0, np.pi))
    if g.random() < 0.5:
        mask = (abs(y) < g.uniform(0.4, 1.0)) & (abs(x) < g.uniform(4, 16))
    else:
        mask = np.hypot(x / g.uniform(1, 3.5), y / g.uniform(1, 3.5)) < 1
    alpha = cover(mask) * g.uniform(0.5, 1)
    return picture * (1 - alpha) + g.uniform(0, 1, 3) * alpha


def draw(kind, g):
    """One picture, uint8 [h, w, 3]."""
    picture = background(g)
    for _ in range(g.integers(0, 4)):
        picture = clutter(g, picture)
    radius = g.uniform(6, 12)
    cx, cy = g.uniform(radius * 0.8, SIZE - radius * 0.8, 2)
    x, y = frame(cx, cy, radius, g.uniform(0, 2 * np.pi), g.uniform(0.88, 1.12))
    ground = picture[int(cy), int(cx)]
    colour = g.uniform(0, 1, 3)
    while np.abs(colour - ground).sum() < 0.6 or abs((colour - ground).mean()) < 0.1:  # never quite the colour it lies on
        colour = g.uniform(0, 1, 3)
    alpha = cover(symbol(kind, x, y, g.random())) * g.uniform(0.75, 1)
    picture = picture * (1 - alpha) + colour * alpha
    for _ in range(g.integers(0, 3)):  # lies over the symbol
        picture = clutter(g, picture)
    picture = picture + g.normal(0, 1, picture.shape) * g.uniform(0.01, 0.1)
    if g.random() < 0.25:
        picture = picture.mean(axis=2, keepdims=True) * np.ones(3)
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def png(pixels):
    """The bytes of a picture with a palette of COLOURS colours."""
    out = io.BytesIO()
    Image.fromarray(pixels).quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def pictures(split):
    """Names and PNG bytes of a split, classes in turn so that any beginning of it is balanced."""
    seed, count = SPLITS[split]
    for i in range(count):
        kind = CLASSES[i % len(CLASSES)]
        yield f"{kind}/{i:05d}.png", png(draw(kind, np.random.Generator(np.random.PCG64([seed, i]))))


def write(split, path):
    """A .tar.gz without times and owners, so that the same pictures give the same bytes."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in pictures(split):
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                entry.mode = 0o644
                tar.addfile(entry, io.BytesIO(data))
    part.replace(path)


def load(path):
    """Pixels u8 [n, h, w, 3] and labels i64 [n] of a .tar.gz, in the order of the paths (as libmo reads them)."""
    with tarfile.open(path) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
    names = sorted(files)
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(files[n])).convert("RGB")) for n in names])
    return pixels, np.array([CLASSES.index(n.split("/")[0]) for n in names], np.int64)


def same(split, path):
    """Whether the pixels of a file are the ones this script draws."""
    drawn = sorted(pictures(split))
    decoded = np.stack([np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for _, data in drawn])
    return np.array_equal(decoded, load(path)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("splits", nargs="*", default=list(SPLITS), metavar="SPLIT", help="train, calib, test (default: all)")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    for split in args.splits:
        if split not in SPLITS:
            parser.error(f"unknown split '{split}', choose from {', '.join(SPLITS)}")
        path = HERE / f"{split}.tar.gz"
        if args.check:
            ok = same(split, path)
            print(f"{path.name}: {'the same pixels' if ok else 'DIFFERENT pixels'}")
            if not ok:
                sys.exit(1)
        else:
            write(split, path)
            print(f"{path.name}: {SPLITS[split][1]} pictures, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
