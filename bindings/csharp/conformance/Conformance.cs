// Prints the lines of tests/conformance/conformance.c, made through the C# face. usage: conformance MODELS (in an empty folder)
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Libmo;

internal static class Conformance
{
    private static int number;
    private static readonly StreamWriter Out = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { NewLine = "\n" };

    private static void Line(string name, object value) { Out.WriteLine("{0:00} {1}: {2}", ++number, name, value); }

    private static string Hash(byte[] data)
    {
        ulong h = 14695981039346656037;
        foreach (byte b in data) h = unchecked((h ^ b) * 1099511628211);
        return data.Length + " bytes " + h.ToString("x16");
    }

    private static string Hash(string text) { return Hash(Encoding.UTF8.GetBytes(text)); }

    private static string Short(string code) { return code.Substring("MO_ERR_".Length); }

    private static void LineError(string name, Action action)
    {
        try { action(); }
        catch (Exception thrown)
        {
            var e = thrown as MoException ?? thrown.InnerException as MoException;
            if (e == null) Line(name, "no error of the library: " + thrown);
            else Line(name, Short(e.CodeName) + " '" + e.Message + "' node '" + e.Node + "' op '" + e.Operator + "'");
            return;
        }
        Line(name, "no error");
    }

    private static string List(IEnumerable<long> sizes) { return "[" + string.Join(", ", sizes) + "]"; }

    private static void LineTensor(string name, Tensor t) { Line(name, (int)t.Type + " " + List(t.Shape) + " " + Hash(t.ToRaw())); }

    private static void LineNamed(string name, Tensors tensors, string which)
    {
        using (Tensor t = tensors[which]) LineTensor(name, t);
    }

    private static void LinePort(string name, Port port)
    {
        Line(name, port.Name + " " + (int)port.Type + " " + List(port.Shape) + " " + (port.IsOptional ? 1 : 0));
    }

    private static Tensor Ramp(long seed, params long[] shape)
    {
        var data = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (long i = 0; i < data.Length; ++i) data[i] = (float)((i * 37 + seed * 11) % 255 / 127.5 - 1.0);
        return Tensor.Create(data, shape);
    }

    private static Tensors One(string name, Tensor tensor)
    {
        var tensors = new Tensors();
        using (tensor) tensors.Set(name, tensor);
        return tensors;
    }

    private static Tensors Images(long seed, long batch) { return One("image", Ramp(seed, batch, 3, 8, 8)); }

    private static void TheLibrary()
    {
        Line("version", Library.Version);
        Line("abi", Library.AbiVersion);
        var codes = new List<string>();
        for (int code = 1; ; ++code)
        {
            string name = new MoException((ErrorCode)code, "").CodeName;
            if (name == "MO_ERR_UNKNOWN") break;
            codes.Add(Short(name) + "=" + code);
        }
        Line("error codes", string.Join(" ", codes));
        var types = Enum.GetValues(typeof(ElementType)).Cast<ElementType>().Where(t => t != ElementType.Undefined);
        Line("element types", string.Join(" ", types.Select(t => t.ToString().ToUpperInvariant() + "=" + (int)t)));
    }

    private static void Invalid(string name, string key, object value)
    {
        LineError(name, () =>
        {
            var o = new Options("quantize");
            o[key] = value;
            o.Validate();
        });
    }

    private static void TheOptions()
    {
        Line("operations", Hash(Options.DescribeJson(null)));
        Line("schema of quantize", Hash(Options.DescribeJson("quantize")));
        LineError("schema of nothing", () => Options.DescribeJson("nothing"));
        var o = new QuantizeOptions
        {
            CalibrationMethod = "percentile", CalibrationPercentile = 99.5, ActivationSymmetric = true, Seed = 7, Exclude = new[] { "first", "head" },
        };
        Line("options as JSON", o.ToJson());
        Invalid("unknown key", "sead", 1);
        Invalid("value out of range", "calibration.percentile", 200.0);
        Invalid("value not a choice", "precision", "int7");
        Invalid("value of another type", "seed", "many");
        Line("options from YAML", new QuantizeOptions().Parse("calibration:\n  method: mse\nexclude: [head]\n").ToJson());
        LineError("malformed options", () => new QuantizeOptions().Parse("{\"seed\": ").Validate());
    }

    private static void TheTensors()
    {
        float[] data = { 0, 0.5f, -1, 2, 3.25f, BitConverter.ToSingle(new byte[] { 0, 0, 0, 0x80 }, 0) };
        Tensor t = Tensor.Create(data, 2, 3);
        LineTensor("tensor of floats", t);
        data[0] = 9;
        t.Write(data);
        LineTensor("tensor written to", t);
        LineError("read with a wrong size", () => t.Read(new float[5]));
        LineError("too few bytes", () => Tensor.CreateRaw(ElementType.Float32, new byte[20], 2, 3));
        LineError("negative size", () => Tensor.Zeros(ElementType.Float32, -1));
        using (Tensor u = Tensor.Zeros(ElementType.Int64, 4)) LineTensor("zeros", u);
        using (Tensor u = Tensor.Create(new[] { 2.5 })) LineTensor("scalar", u);
        var tensors = new Tensors();
        using (Tensor u = Tensor.FromStrings(new[] { "a", "", "é😀" }, 3))
        {
            LineTensor("texts", u);
            tensors.Set("c", t);
            tensors.Set("a", t);
            tensors.Set("b", u);
        }
        Line("names in order", string.Join(" ", tensors.Names));
        tensors.Set("b", t);
        Line("replaced, not added", tensors.Count);
        LineNamed("tensor that replaced", tensors, "b");
        LineError("name that is not there", () => tensors["d"].Dispose());
        LineError("empty name", () => tensors.Set("", t));
        tensors.Save("tensors 😀.npz");
        tensors.Dispose();
        using (Tensors back = Tensors.Load("tensors 😀.npz"))
        {
            Line("saved and loaded on a path with an emoji", string.Join(" ", back.Names));
            LineNamed("tensor saved and loaded", back, "a");
        }
        t.Dispose();
        LineError("file that is not there", () => Tensors.Load("missing.npz"));
    }

    private static void TheModels(string path, Model model)
    {
        Line("description", Hash(model.DescribeJson()));
        Line("digest", model.Digest);
        LinePort("input", model.Inputs[0]);
        LinePort("output", model.Outputs[0]);
        byte[] bytes = File.ReadAllBytes(path);
        using (Model other = Model.Load(bytes)) Line("digest of the same bytes", other.Digest);
        LineError("half a file", () => Model.Load(bytes.Take(bytes.Length / 2).ToArray()));
        LineError("no model", () => Model.Load("missing.onnx"));
        model.Save("saved.onnx");
        Line("saved file", Hash(File.ReadAllBytes("saved.onnx")));
        Line("saved bytes", Hash(model.ToBytes()));
        using (Model other = model.WithMetadata("author", "Jürgen")) Line("metadata", other.Metadata("author"));
        LineError("metadata that is not there", () => model.Metadata("author"));
    }

    private static void TheSessions(Model model, Model add)
    {
        using (var s = new Session(add))
        {
            using (Tensors input = One("x", Tensor.Create(new float[] { 1.5f, -1, 0 }, 3)))
            {
                using (Tensors output = s.Run(input))
                {
                    Line("outputs", string.Join(" ", output.Names));
                    LineNamed("one more than the input", output, "y");
                }
                using (Tensors output = One("y", Tensor.Zeros(ElementType.Float32, 3)))
                {
                    s.RunInto(input, output);
                    LineNamed("written into a tensor", output, "y");
                }
                using (Tensors output = One("y", Tensor.Zeros(ElementType.Float32, 2)))
                    LineError("written into a tensor of another shape", () => s.RunInto(input, output));
            }
            using (Tensors input = One("x", Tensor.Zeros(ElementType.Int32, 3))) LineError("input of another type", () => s.Run(input));
        }
        using (var s = new Session(model, new SessionOptions { Threads = 1 }))
        {
            using (Tensors input = Images(1, 2))
            {
                foreach (string name in new[] { "scores", "scores again" })
                    using (Tensors output = s.Run(input)) LineNamed(name, output, "scores");
                Line("explanation", s.Explain().Contains("first") ? "names the node" : "does not name the node");
            }
            using (Tensors input = One("picture", Ramp(1, 2, 3, 8, 7))) LineError("input of another name", () => s.Run(input));
            using (Tensors input = One("image", Ramp(1, 2, 3, 8, 7))) LineError("input of another shape", () => s.Run(input));
            using (var input = new Tensors()) LineError("no input", () => s.Run(input));
        }
    }

    private static Dataset Samples(int count, long batch)
    {
        using (Tensors arrays = Images(5, count))
        {
            arrays.Add("label", Enumerable.Range(0, count).Select(i => (long)i % 10).ToArray(), count);
            return Dataset.Create(arrays, new DatasetOptions { BatchSize = batch });
        }
    }

    private static void TheDatasets()
    {
        using (Dataset d = Samples(10, 4))
        {
            Line("samples", d.Count);
            using (Batch b = d.Next())
            {
                LineNamed("first batch", b.Inputs, "image");
                LineTensor("its labels", b.Label);
            }
            Line("batches", 1 + d.Batches().Count());
            d.Rewind();
            using (Batch b = d.Next()) LineNamed("first batch after rewinding", b.Inputs, "image");
        }
        LineError("data set that is not there", () => Dataset.Open("missing.npz"));
    }

    private sealed class Listener : IProgress<WorkProgress>
    {
        internal readonly List<string> Stages = new List<string>();
        internal Action Then;

        public void Report(WorkProgress value)
        {
            if (Stages.LastOrDefault() != value.Stage) Stages.Add(value.Stage);
            if (Then != null) Then();
        }
    }

    private static void Quantization(Model model, Model add)
    {
        var all = new Calibration(model);
        LineError("calibration without data", () => model.Quantize(all));
        LineError("no calibration", () => model.Quantize());
        using (var half = new Calibration(model))
        {
            for (int i = 0; i < 4; ++i)
                using (Tensors input = Images(i, 4)) (i < 2 ? all : half).Feed(input);
            Line("samples fed", all.Count);
            all.Merge(half);
        }
        Line("samples after merging", all.Count);
        all.Save("statistics");
        Line("saved statistics", Hash(File.ReadAllBytes("statistics")));
        LineError("statistics of another model", () => Calibration.Load("statistics", add));
        using (Calibration other = Calibration.Load("statistics", model)) Line("samples loaded", other.Count);

        var one = new QuantizeOptions { Threads = 1 };
        var note = new Listener();
        using (QuantizeResult small = model.Quantize(all, one, note))
        {
            Line("stages", string.Join(", ", note.Stages));
            Line("quantize passed", small.Report.Passed ? 1 : 0);
            Line("int8 model", Hash(small.Model.ToBytes()));
            using (var s = new Session(small.Model))
            using (Tensors input = Images(1, 2), output = s.Run(input)) LineNamed("scores of the int8 model", output, "scores");
        }
        Control control = null;
        using (control = new Control(new Listener { Then = () => control.Cancel() })) LineError("progress that cancels", () => model.Quantize(all, one, control));
        using (control = new Control())
        {
            control.Cancel();
            LineError("cancelled before", () => model.Quantize(all, one, control));
        }
        using (control = new Control())
        {
            control.SetDeadline(TimeSpan.FromTicks(1));
            LineError("deadline passed", () => model.Quantize(all, one, control));
        }
        using (QuantizeResult small = model.Quantize(null, new QuantizeOptions { Precision = "fp16" })) Line("fp16 model", Hash(small.Model.ToBytes()));
        all.Dispose();
    }

    private static void Measures(Model model)
    {
        using (Dataset d = Samples(10, 4))
        {
            using (Report r = model.Evaluate(d, new EvaluateOptions { Minimum = 0.99 })) Line("gate met", r.Passed ? 1 : 0);
            using (Report r = Model.Compare(model, model, d, new CompareOptions { Seconds = 0.01 })) Line("compare passed", r.Passed ? 1 : 0);
            using (Report r = model.Benchmark(null, new BenchmarkOptions { Runs = 3 })) Line("benchmark passed", r.Passed ? 1 : 0);
        }
    }

    private static string Refused(Action action)
    {
        try { action(); }
        catch (ObjectDisposedException) { return "refused"; }
        return "accepted";
    }

    private static void AfterClosing(string path)
    {
        Model model = Model.Load(path);
        var session = new Session(model);
        var calibration = new Calibration(model);
        session.Dispose();
        calibration.Dispose();
        model.Dispose();
        using (Tensors input = Images(1, 1))
        {
            Line("run of a closed session", Refused(() => session.Run(input)));
            Line("description of a closed model", Refused(() => model.DescribeJson()));
            Line("closed calibration fed", Refused(() => calibration.Feed(input)));
        }
        model.Dispose();
        session.Dispose();
        Line("closed twice", "ok");
    }

    /// Makes the model that tests/bindings/quantize.c makes.
    private static void Quantize(string path, string data, long samples, string result)
    {
        using (Model model = Model.Load(path))
        using (Dataset dataset = Dataset.Open(data, new DatasetOptions { Samples = samples }))
        using (var calibration = new Calibration(model))
        {
            foreach (Batch batch in dataset.Batches()) calibration.Feed(batch.Inputs);
            using (QuantizeResult small = model.Quantize(calibration)) small.Model.Save(result);
        }
    }

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 5 && arguments[0] == "quantize")
        {
            Quantize(arguments[1], arguments[2], long.Parse(arguments[3]), arguments[4]);
            return 0;
        }
        if (arguments.Length != 1)
        {
            Console.Error.WriteLine("usage: conformance MODELS | quantize MODEL DATA SAMPLES RESULT");
            return 2;
        }
        string path = Path.Combine(arguments[0], "classifier.onnx");
        try
        {
            TheLibrary();
            TheOptions();
            TheTensors();
            using (Model model = Model.Load(path), add = Model.Load(Path.Combine(arguments[0], "add.onnx")))
            {
                TheModels(path, model);
                TheSessions(model, add);
                TheDatasets();
                Quantization(model, add);
                Measures(model);
            }
            AfterClosing(path);
            Out.WriteLine(number + " checks");
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine("after line " + number + ": " + e);
            return 1;
        }
        finally { Out.Flush(); }
    }
}
