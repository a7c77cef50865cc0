"""Generation with a growing cache: what is made of the times, and libmo's decoder, whose steps are the reference's."""
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
LIBRARY = ROOT / "build" / "lib" / "libmo.so"


def tiny_decoder(path):
    """y = x + mean of the cache; the cache grows by x."""
    import onnx
    from onnx import TensorProto, helper
    value = helper.make_tensor_value_info
    nodes = [helper.make_node("Cast", ["tokens"], ["x"], to=TensorProto.FLOAT), helper.make_node("Unsqueeze", ["x", "last"], ["x3"]),
             helper.make_node("Concat", ["past_key.0", "x3"], ["present_key.0"], axis=1),
             helper.make_node("ReduceMean", ["present_key.0", "one"], ["mean"], keepdims=1), helper.make_node("Add", ["x3", "mean"], ["y"])]
    axes = [helper.make_tensor(name, TensorProto.INT64, [1], [k]) for name, k in (("last", 2), ("one", 1))]
    graph = helper.make_graph(nodes, "decoder", [value("tokens", TensorProto.INT64, ["N", "S"]), value("past_key.0", TensorProto.FLOAT, ["N", "P", 1])],
                              [value("y", TensorProto.FLOAT, ["N", "S", 1]), value("present_key.0", TensorProto.FLOAT, ["N", "P+S", 1])], axes)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)


class Generate(unittest.TestCase):
    def test_times_are_least_and_median_of_each_length(self):
        import generate
        s = generate.summary([[9, 9], [2, 4], [4, 6], [3, 8]], 1)
        self.assertEqual((s["first"], s["least"], s["median"]), (9, 3, 4.5))
        self.assertAlmostEqual(s["tokens"], 1000 / 4.5)

    @unittest.skipUnless(LIBRARY.exists(), "libmo is not built")
    def test_engines_step_through_the_same_lengths(self):
        import decoders
        import models
        from worker import Worker
        with tempfile.TemporaryDirectory() as folder:
            path = str(pathlib.Path(folder, "decoder.onnx"))
            tiny_decoder(path)
            for engine in ("libmo", "onnxruntime"):
                worker = Worker()
                worker.load_decoder(engine, path, path, 1)
                self.assertEqual(len(worker.generate(3, 7, again=2)["ms"]), 8)
            libmo, ort = (decoders.ENGINES[e](path, 1) for e in ("libmo", "onnxruntime"))
            arrays = decoders.start_arrays(models.inputs_of(path), 3)
            self.assertEqual(arrays["past_key.0"].shape, (1, 3, 1))
            for decoder in (libmo, ort):
                decoder.start(arrays)
                for _ in range(5):
                    decoder.step()
            self.assertEqual(libmo.cache(b"past_key.0").tolist(), ort.feed["past_key.0"].numpy().tolist())


if __name__ == "__main__":
    unittest.main()
