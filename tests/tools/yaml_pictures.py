"""Reads the data set .yaml files of this project in Python (Pillow), for scoring other runtimes on the samples that libmo reads."""
import io
import os
import tarfile

import numpy as np
import yaml
from PIL import Image


def entries(path):
    if os.path.isdir(path):
        for folder, _, files in os.walk(path):
            for f in files:
                full = os.path.join(folder, f)
                with open(full, "rb") as h:
                    yield os.path.relpath(full, path), h.read()
    else:
        with tarfile.open(path) as archive:
            for m in archive:
                if m.isfile():
                    yield m.name.removeprefix("./"), archive.extractfile(m).read()


def number(v):
    return float(v.split("/")[0]) / float(v.split("/")[1]) if isinstance(v, str) and "/" in v else v


def channel(v, default):
    v = v if v is not None else default
    return np.array([number(x) for x in v] if isinstance(v, list) else number(v), np.float32)


def load(path):
    with open(path) as h:
        d = yaml.safe_load(h)
    pictures = sorted(entries(os.path.join(os.path.dirname(path), d["images"])))
    s = d.get("select", {})
    chosen = [i for i in range(len(pictures)) if i >= s.get("skip", 0) and (i - s.get("skip", 0)) % s.get("every", 1) == 0]
    if isinstance(s.get("count"), int):
        chosen = chosen[:s["count"]]
    if s.get("invert"):
        chosen = sorted(set(range(len(pictures))) - set(chosen))
    folders = [os.path.basename(os.path.dirname(p)) for p, _ in pictures]
    label = d.get("label", {})
    classes = label.get("classes", "sorted")
    order = sorted(set(folders)) if classes == "sorted" else classes
    xs, ys = [], []
    for i in chosen:
        im = Image.open(io.BytesIO(pictures[i][1])).convert("RGB")
        r = d.get("resize")
        if isinstance(r, int):
            k = r / min(im.size)
            if k != 1:
                im = im.resize((round(im.width * k), round(im.height * k)), Image.BILINEAR)
        elif r and im.size != (r[1], r[0]):
            im = im.resize((r[1], r[0]), Image.BILINEAR)
        x = np.asarray(im, np.float32)
        c = d.get("center_crop")
        if c:
            h, w = c if isinstance(c, list) else (c, c)
            top, left = (x.shape[0] - h) // 2, (x.shape[1] - w) // 2
            x = x[top:top + h, left:left + w]
        x = (x * channel(d.get("scale"), 1) - channel(d.get("mean"), 0)) / channel(d.get("std"), 1)
        xs.append(x.transpose(2, 0, 1))
        ys.append((int(folders[i]) if classes == "number" else order.index(folders[i])) + label.get("offset", 0))
    return {d.get("input", "input"): np.stack(xs).astype(np.float32)}, np.array(ys)
