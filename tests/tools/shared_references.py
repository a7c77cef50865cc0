"""Runs the models of ../shared/models on real inputs in ONNX Runtime and saves inputs and outputs for others to be compared with.

    python shared_references.py OUT [--shared ../shared] [--only kws_dscnn,gtcrn]
    needs onnxruntime==1.31.1 numpy==2.4.6 pillow==13.0.0; about 15 seconds, 130 MB, of which 98 MB belong to mobilenet_v1_025_128_qdq_reference

OUT/models.txt lists the folders, one a line, and is written last. In each folder OUT/<model>/
    <case>.in.npz  <case>.out.npz    arrays named like the model's inputs and outputs, not compressed
    cases.txt                        lines of words:
        model kws_dscnn.onnx         file below ../shared/models
        case one                     one.in.npz gives one.out.npz
        top1 many_0                  like case, but only the largest of each row of the first output is to agree (quantized models)
        chain speech 24 stateN>state speech_000 … speech_023 are 24 steps (each .in and .out); each step's input `state` is the output
                                     `stateN` of the step before, so a runner may feed back its own (several A>B are possible)
"""
import argparse
import gzip
import io
import sys
import tarfile
import wave
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

STEPS = 24


def picture(path, height, width):
    """RGB pixels f32 [h, w, 3] of an image, resized."""
    return np.asarray(Image.open(path).convert("RGB").resize((width, height), Image.Resampling.BILINEAR), np.float32)


class Material:
    """The data folders of ../shared."""

    def __init__(self, data):
        self.data = data
        self.photos = sorted((data / "imagenet500").glob("*/*"))

    def photos_as(self, picks, height, width, mean, std, bgr=False):
        pixels = np.stack([picture(self.photos[i], height, width) for i in picks])
        if bgr:
            pixels = pixels[..., ::-1]
        return np.ascontiguousarray(((pixels - np.float32(mean)) / np.float32(std)).transpose(0, 3, 1, 2))

    def cifar(self, count):
        pixels = []
        with tarfile.open(self.data / "cifar10/test.tar.gz") as tar:
            for member in tar:
                if member.isfile() and member.name.lower().endswith((".jpg", ".jpeg", ".png")):
                    pixels.append(np.asarray(Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB"), np.float32))
                    if len(pixels) == 20 * count:  # every 20th: more than one class
                        break
        mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
        return np.ascontiguousarray(((np.stack(pixels[::20]) / 255 - mean) / std).transpose(0, 3, 1, 2))

    def digits(self, count):
        raw = gzip.decompress((self.data / "mnist/t10k-images-idx3-ubyte.gz").read_bytes())
        return np.frombuffer(raw, np.uint8, count * 784, 16).reshape(count, 1, 28, 28).astype(np.float32)

    def npz(self, name):
        with np.load(self.data / name) as arrays:
            return {k: arrays[k] for k in arrays.files}

    def speech(self):
        with wave.open(str(self.data / "speech/speech_16k_30s.wav")) as sound:
            return np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float32) / 32768


class Writer:
    """Runs one model and writes its folder."""

    def __init__(self, model, out):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if model.stem == "kws_dscnn_qdq_reference":  # int8 weights: where there is no VNNI, sums saturate unless this is set; elsewhere it changes nothing
            options.add_session_config_entry("session.x64quantprecision", "1")
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.outputs = [o.name for o in self.session.get_outputs()]
        self.model = model
        self.folder = out / model.stem
        self.folder.mkdir()
        self.lines = [f"model {model.name}"]

    def run(self, name, inputs):
        outputs = dict(zip(self.outputs, self.session.run(None, inputs)))
        np.savez(self.folder / f"{name}.in.npz", **inputs)
        np.savez(self.folder / f"{name}.out.npz", **outputs)
        return outputs

    def case(self, name, kind="case", **inputs):
        self.named(name, inputs, kind)

    def named(self, name, inputs, kind="case"):
        self.run(name, inputs)
        self.lines.append(f"{kind} {name}")

    def chain(self, name, steps, states, fed):
        """steps: the inputs of each step but for the states; states: the first ones; fed: {output: input}."""
        outputs = []
        for i, step in enumerate(steps):
            got = self.run(f"{name}_{i:03d}", {**step, **states})
            states = {into: got[of] for of, into in fed.items()}
            outputs.append(got)
        self.lines.append(f"chain {name} {len(outputs)} " + " ".join(f"{of}>{into}" for of, into in fed.items()))
        return outputs

    def close(self):
        (self.folder / "cases.txt").write_text("\n".join(self.lines) + "\n")


def mobilenet(w, m):
    size = 224 if "224" in w.folder.name else 128
    photos = lambda picks: m.photos_as(picks, size, size, 127.5, 127.5)
    for i in (0, 137, 401):
        w.case(f"photo_{i}", input=photos([i]))
    w.case("batch_5", input=photos(range(20, 500, 96)))
    if "qdq" in w.folder.name:
        for i in range(5):
            w.case(f"many_{i}", "top1", input=photos(range(i, 500, 5)))


def resnet(w, m):
    x = m.cifar(200)
    w.case("one", input=x[:1])
    w.case("other", input=x[7:8])
    w.case("batch_3", input=x[10:13])
    w.case("batch_200", input=x)


def kws(w, m):
    x = m.npz("kws/kws1000.npz")["input"]
    w.case("one", input=x[:1])
    w.case("batch_7", input=x[100:107])
    if "qdq" in w.folder.name:
        w.case("many", "top1", input=x)
    else:
        w.case("batch_1000", input=x)


def mnist(w, m):
    for i, x in enumerate(m.digits(4)):
        w.case(f"digit_{i}", Input3=x[None])


def stories(w, m):
    tokens = m.npz("tinystories/tokens.npz")["tokens"]
    w.case("one_token", tokens=tokens[:1, :1])
    w.case("length_17", tokens=tokens[1:2, :17])
    w.case("length_64", tokens=tokens[2:3])
    w.case("batch_3_length_33", tokens=tokens[3:6, :33])
    w.case("length_200", tokens=tokens[6:10].reshape(1, -1)[:, :200])


def textgen(w, m):
    x = m.npz("textgen/chars.npz")["input"]
    w.case("one", input=x[:1])
    w.case("other", input=x[2000:2001])
    w.case("batch_16", input=x[::250])


def minilm(w, m):
    dev = m.npz("sst2/dev.npz")
    ids, mask = dev["input_ids"].astype(np.int64), dev["attention_mask"].astype(np.int64)
    length = mask.sum(axis=1)
    order = np.argsort(length, kind="stable")
    for name, i in (("shortest", order[0]), ("middle", order[len(order) // 2]), ("longest", order[-1])):
        n = int(length[i])
        w.case(f"{name}_{n}", input_ids=ids[i : i + 1, :n], attention_mask=mask[i : i + 1, :n])
    w.case("batch_6_padded_64", input_ids=ids[:6], attention_mask=mask[:6])
    w.case("batch_2_length_128", input_ids=ids[:4].reshape(2, 128), attention_mask=mask[:4].reshape(2, 128))


def dtln(w, m):
    """Blocks of 512 samples, 128 apart. The first model masks magnitudes; the second gets the signal that the first leaves."""
    sound = m.speech()[16000:]
    blocks = [sound[i * 128 : i * 128 + 512] for i in range(STEPS)]
    spectra = [np.fft.rfft(b).astype(np.complex64) for b in blocks]
    state = np.zeros((1, 2, 128, 2), np.float32)
    magnitudes = [{"input_2": np.abs(s)[None, None]} for s in spectra]
    if w.folder.name == "dtln_1":
        w.chain("speech", magnitudes, {"input_3": state}, {"tf_op_layer_stack_2": "input_3"})
        return
    first = onnxruntime.InferenceSession(w.model.with_name("dtln_1.onnx"), providers=["CPUExecutionProvider"])
    cleaned, carried = [], state
    for magnitude, spectrum in zip(magnitudes, spectra):
        mask, carried = first.run(["activation_2", "tf_op_layer_stack_2"], {**magnitude, "input_3": carried})
        cleaned.append({"input_4": np.fft.irfft(mask[0, 0] * spectrum).astype(np.float32)[None, None]})
    w.chain("speech", cleaned, {"input_5": state}, {"tf_op_layer_stack_5": "input_5"})


def gtcrn(w, m):
    """Spectra of 512 samples, 256 apart, root of a Hann window."""
    sound = m.speech()[16000:]
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512))
    spectra = [np.fft.rfft(sound[i * 256 : i * 256 + 512] * window) for i in range(STEPS)]
    steps = [{"mix": np.stack([s.real, s.imag], axis=-1).astype(np.float32)[None, :, None]} for s in spectra]
    states = {"conv_cache": np.zeros((2, 1, 16, 16, 33), np.float32), "tra_cache": np.zeros((2, 3, 1, 1, 16), np.float32),
              "inter_cache": np.zeros((2, 1, 33, 16), np.float32)}
    w.chain("speech", steps, states, {f"{k}_out": k for k in states})


def silero(w, m):
    """Windows of 512 samples, each with the 64 before it; at 8 kHz 256 and 32."""
    sound = m.speech()
    for name, rate, new, old, start in (("speech_16k", 16000, 512, 64, 0), ("speech_8k", 8000, 256, 32, 4000)):
        signal = sound if rate == 16000 else sound.reshape(-1, 2).mean(axis=1)
        signal = np.concatenate([np.zeros(old, np.float32), signal[start:]])
        steps = [{"input": signal[None, i * new : i * new + old + new], "sr": np.array(rate, np.int64)} for i in range(STEPS)]
        w.chain(name, steps, {"state": np.zeros((2, 1, 128), np.float32)}, {"stateN": "state"})
    pair = np.stack([sound[40000:40576], sound[160000:160576]])
    w.case("batch_2", input=pair, state=np.zeros((2, 2, 128), np.float32), sr=np.array(16000, np.int64))


def ultraface(w, m):
    for i in (3, 210, 444):
        w.case(f"photo_{i}", input=m.photos_as([i], 240, 320, 127, 128))


def nanodet(w, m):
    for i in (3, 210):
        w.named(f"photo_{i}", {"input.1": m.photos_as([i], 416, 416, [103.53, 116.28, 123.675], [57.375, 57.12, 58.395], bgr=True)})


def g2p(w, m):
    """Letters are numbered from 3 (0 padding, 1 unknown, 2 the end, which closes the word)."""
    for word in ("a", "activation", "quantize", "pruning", "convolutional", "distillation", "xylophone"):
        w.case(word, graphemes=np.array([[3 + ord(c) - ord("a") for c in word] + [2]], np.int64))


MODELS = {
    "dtln_1": dtln, "dtln_2": dtln, "g2p_greedy_loop": g2p, "gtcrn": gtcrn, "kws_dscnn": kws, "kws_dscnn_qdq_reference": kws,
    "minilm_sst2": minilm, "minilm_sst2_student2": minilm, "mnist_cntk": mnist, "mobilenet_v1_025_128": mobilenet,
    "mobilenet_v1_025_128_qdq_reference": mobilenet, "mobilenet_v2_224": mobilenet, "nanodet_m": nanodet,
    "resnet20_cifar10": resnet, "resnet56_cifar10": resnet, "silero_vad": silero, "silero_vad_op18": silero,
    "stories260k": stories, "textgenrnn": textgen, "ultraface_rfb320": ultraface,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / ".." / "shared")
    parser.add_argument("--only", default=",".join(MODELS), metavar="NAMES")
    args = parser.parse_args()
    if not (args.shared / "models").is_dir():
        sys.exit(f"shared_references.py: no folder '{args.shared / 'models'}'")
    if args.out.exists() and any(args.out.iterdir()):
        sys.exit(f"shared_references.py: '{args.out}' is not empty")
    unknown = {p.stem for p in (args.shared / "models").glob("*.onnx")} - set(MODELS)
    if unknown:
        sys.exit(f"shared_references.py: no inputs known for {', '.join(sorted(unknown))}")
    args.out.mkdir(parents=True, exist_ok=True)
    names = [n for n in args.only.split(",") if (args.shared / "models" / f"{n}.onnx").exists()]
    material = Material(args.shared / "data")
    for name in names:
        w = Writer(args.shared / "models" / f"{name}.onnx", args.out)
        MODELS[name](w, material)
        w.close()
        print(f"{name}: {len(w.lines) - 1} cases", flush=True)
    (args.out / "models.txt").write_text("".join(f"{n}\n" for n in names))
    print(f"{len(names)} models in {args.out}, ONNX Runtime {onnxruntime.__version__}")


if __name__ == "__main__":
    main()
