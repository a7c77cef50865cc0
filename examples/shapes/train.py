"""Trains the classifier of this example and writes it as plain ONNX: shapes.onnx.

    python make_data.py && python train.py      about seven minutes on one core, the same weights every time on the same machine

The network is a small MobileNetV2: depthwise convolutions, inverted residual blocks, ReLU6. Every BatchNormalization stays an
operator of its own in the file, so that what reads it has something to fold.
"""
import argparse
import time

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

from make_data import CLASSES, HERE, SIZE, load

MEAN, STD = 0.5, 0.25
BATCH = 64


class Unit(nn.Module):
    """Convolution, BatchNormalization and, unless told otherwise, ReLU6."""

    def __init__(self, src, dst, kernel=1, stride=1, groups=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(src, dst, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(dst)
        self.act = act

    def forward(self, x):
        x = self.norm(self.conv(x))
        return F.relu6(x) if self.act else x


class Block(nn.Module):
    """Inverted residual: widen, depthwise 3x3, narrow; added to its input where the shapes agree."""

    def __init__(self, src, dst, stride, widen):
        super().__init__()
        mid = src * widen
        self.expand = Unit(src, mid) if widen > 1 else None
        self.depthwise = Unit(mid, mid, 3, stride, groups=mid)
        self.project = Unit(mid, dst, act=False)
        self.residual = stride == 1 and src == dst

    def forward(self, x):
        y = self.expand(x) if self.expand else x
        y = self.project(self.depthwise(y))
        return x + y if self.residual else y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Unit(3, 16, 3, 2)
        self.block1 = Block(16, 24, 1, 1)
        self.block2 = Block(24, 24, 1, 3)
        self.block3 = Block(24, 40, 2, 3)
        self.block4 = Block(40, 40, 1, 3)
        self.block5 = Block(40, 72, 2, 4)
        self.block6 = Block(72, 72, 1, 4)
        self.head = Unit(72, 160)
        self.classifier = nn.Linear(160, len(CLASSES))

    def forward(self, x):
        for part in (self.stem, self.block1, self.block2, self.block3, self.block4, self.block5, self.block6, self.head):
            x = part(x)
        return self.classifier(x.mean(dim=(2, 3)))


def tensor_of(pixels):
    """u8 [n, h, w, 3] to the model's input, f32 [n, 3, h, w]."""
    return torch.from_numpy(((pixels.transpose(0, 3, 1, 2) * np.float32(1 / 255)) - np.float32(MEAN)) / np.float32(STD))


def vary(x, g):
    """Mirror the batch, turn it by a quarter and move it by up to two pixels."""
    if torch.rand((), generator=g) < 0.5:
        x = x.flip(3)
    x = torch.rot90(x, int(torch.randint(4, (), generator=g)), (2, 3))
    dy, dx = torch.randint(0, 5, (2,), generator=g).tolist()
    return F.pad(x, (2, 2, 2, 2), mode="replicate")[:, :, dy : dy + SIZE, dx : dx + SIZE]


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        right = sum((net(a).argmax(1) == b).sum().item() for a, b in zip(x.split(250), y.split(250)))
    return right / len(y)


def train(net, x, y, epochs, peak, report):
    """SGD with Nesterov momentum; the rate rises for a tenth of the steps, then falls along a cosine."""
    g = torch.Generator().manual_seed(5)
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    sgd = torch.optim.SGD([{"params": decayed, "weight_decay": 5e-4}, {"params": others}], lr=peak, momentum=0.9, nesterov=True)
    steps = epochs * (len(x) // BATCH)
    rate = lambda i: min(i / (0.1 * steps), 0.5 + 0.5 * np.cos(np.pi * max(0, i - 0.1 * steps) / (0.9 * steps)))
    plan = torch.optim.lr_scheduler.LambdaLR(sgd, rate)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        order = torch.randperm(len(x), generator=g)
        for pick in order[: len(order) // BATCH * BATCH].split(BATCH):
            loss = F.cross_entropy(net(vary(x[pick], g)), y[pick])
            sgd.zero_grad(set_to_none=True)
            loss.backward()
            sgd.step()
            plan.step()
            total += loss.item()
        report(epoch, total / (len(x) // BATCH))


class Writer:
    """Builds the ONNX graph node by node; weights are taken from the trained network."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def node(self, op, name, inputs, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [f"{name}_out"], name, **attributes))
        return f"{name}_out"

    def weight(self, name, value):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value.detach().numpy()), name))
        return name

    def unit(self, name, unit, x):
        conv, norm = unit.conv, unit.norm
        w = self.weight(f"{name}_weight", conv.weight)
        pad = conv.padding[0]
        x = self.node("Conv", f"{name}_conv", [x, w], kernel_shape=list(conv.kernel_size), strides=list(conv.stride),
                      pads=[pad] * 4, group=conv.groups)
        parts = {"gamma": norm.weight, "beta": norm.bias, "mean": norm.running_mean, "variance": norm.running_var}
        x = self.node("BatchNormalization", f"{name}_norm", [x] + [self.weight(f"{name}_{k}", v) for k, v in parts.items()],
                      epsilon=norm.eps)
        return self.node("Clip", f"{name}_relu6", [x, "zero", "six"]) if unit.act else x

    def block(self, name, block, x):
        y = self.unit(f"{name}_expand", block.expand, x) if block.expand else x
        y = self.unit(f"{name}_depthwise", block.depthwise, y)
        y = self.unit(f"{name}_project", block.project, y)
        return self.node("Add", f"{name}_add", [x, y]) if block.residual else y


def export(net, path):
    w = Writer()
    w.weight("zero", torch.tensor(0.0))
    w.weight("six", torch.tensor(6.0))
    x = w.unit("stem", net.stem, "image")
    for i in range(1, 7):
        x = w.block(f"block{i}", getattr(net, f"block{i}"), x)
    x = w.unit("head", net.head, x)
    x = w.node("GlobalAveragePool", "pool", [x])
    x = w.node("Flatten", "flatten", [x], axis=1)
    parts = [x, w.weight("classifier_weight", net.classifier.weight), w.weight("classifier_bias", net.classifier.bias)]
    w.nodes.append(helper.make_node("Gemm", parts, ["logits"], "classifier", transB=1))
    graph = helper.make_graph(
        w.nodes, "shapes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(CLASSES)])],
        w.weights, doc_string=f"Ten kinds of drawn symbol. image = (rgb / 255 - {MEAN}) / {STD}; classes: {', '.join(CLASSES)}.")
    model = helper.make_model(graph, producer_name="libmo examples/shapes", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--rate", type=float, default=0.12, help="the highest learning rate")
    parser.add_argument("--pictures", type=int, default=16000, help="how many of the training set")
    parser.add_argument("--output", default=HERE / "shapes.onnx")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(7)
    start = time.process_time()

    pixels, labels = load(HERE / "train.tar.gz")
    pick = np.random.default_rng(0).permutation(len(pixels))[: args.pictures]
    x, y = tensor_of(pixels[pick]).contiguous(memory_format=torch.channels_last), torch.from_numpy(labels[pick])
    held = [(tensor_of(p), torch.from_numpy(l)) for p, l in [load(HERE / "calib.tar.gz"), load(HERE / "test.tar.gz")]]
    net = Net().to(memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in net.parameters()):,} parameters, {len(x)} pictures, {args.epochs} epochs", flush=True)

    def report(epoch, loss):
        line = f"epoch {epoch + 1:2}/{args.epochs}: loss {loss:.4f}, calibration set {accuracy(net, *held[0]):.1%}"
        print(f"{line}, {time.process_time() - start:.0f} s", flush=True)

    train(net, x, y, args.epochs, args.rate, report)
    print(f"test {accuracy(net, *held[1]):.2%}, training pictures {accuracy(net, x[:2000], y[:2000]):.2%}")
    export(net, args.output)


if __name__ == "__main__":
    main()
