"""Top-1 of a model on the test pictures, in ONNX Runtime: an opinion that is not libmo's.

    python score.py shapes.onnx [more.onnx …]     several models: also how often they agree with the first
"""
import sys

import numpy as np
import onnxruntime

from make_data import HERE, load

MEAN, STD = 0.5, 0.25


def predict(path, image, batch=250):
    """The class of each picture."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(["logits"], {"image": image[i : i + batch]})[0].argmax(1) for i in range(0, len(image), batch)])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    pixels, label = load(HERE / "test.tar.gz")
    image = ((pixels.transpose(0, 3, 1, 2) * np.float32(1 / 255)) - np.float32(MEAN)) / np.float32(STD)
    first = None
    for path in sys.argv[1:]:
        found = predict(path, image)
        first = found if first is None else first
        print(f"{path}: top-1 {(found == label).mean():.2%}, agrees with the first {(found == first).mean():.2%}, {len(label)} pictures")


if __name__ == "__main__":
    main()
