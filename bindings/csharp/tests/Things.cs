// What the tests share: models and inputs.
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace Libmo.Tests
{
    internal static class Things
    {
        internal static readonly SessionOptions OneThread = new SessionOptions { Threads = 1 };

        internal static Model Add() { return Model.Load(Path.Combine(Runner.Models, "add.onnx")); }

        internal static Model Classifier() { return Model.Load(Path.Combine(Runner.Models, "classifier.onnx")); }

        internal static float[] Ramp(int count, int seed)
        {
            var data = new float[count];
            for (int i = 0; i < count; ++i) data[i] = (float)((i * 37L + seed * 11) % 255 / 127.5 - 1.0);
            return data;
        }

        internal static Tensors Images(int seed, int batch)
        {
            var tensors = new Tensors();
            tensors.Add("image", Ramp(batch * 192, seed), batch, 3, 8, 8);
            return tensors;
        }

        internal static Tensors Samples(int count)
        {
            Tensors arrays = Images(5, count);
            var truth = new long[count];
            for (int i = 0; i < count; ++i) truth[i] = i % 10;
            arrays.Add("label", truth, count);
            return arrays;
        }

        internal static Calibration Calibrated(Model model)
        {
            var calibration = new Calibration(model, new CalibrationOptions { Threads = 1 });
            for (int i = 0; i < 4; ++i)
                using (Tensors batch = Images(i, 4)) calibration.Feed(batch);
            return calibration;
        }

        private static int last;

        internal static string Scratch(string name)
        {
            string folder = Path.Combine(Path.GetTempPath(), "libmo-" + Process.GetCurrentProcess().Id + "-" + Interlocked.Increment(ref last));
            Directory.CreateDirectory(folder);
            return Path.Combine(folder, name);
        }
    }
}
