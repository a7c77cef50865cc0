// Everything mo.h has, through the C# face.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Libmo.Tests
{
    internal static class FaceTest
    {
        public static void LibrarySaysWhatItIs()
        {
            Check.Equal(1, Library.AbiVersion, "ABI");
            Check.That(Library.BuildInfoJson().Contains(Library.Version), "build info");
            Check.That(Library.DevicesJson().Contains("\"cpu\""), "devices");
        }

        public static void ErrorsCarryCodeNodeAndOperator()
        {
            MoException e = Check.Fails(ErrorCode.NotFound, () => Model.Load("no 😀 such.onnx"), "a file that is not there");
            Check.That(e.Message.Contains("no 😀 such.onnx"), e.Message);
            Check.Equal("MO_ERR_NOT_FOUND", e.CodeName, "name");
            using (Model model = Things.Classifier())
            using (var session = new Session(model))
            using (var inputs = new Tensors())
            {
                inputs.Add("image", new float[2 * 3 * 8 * 7], 2, 3, 8, 7);
                Check.Fails(ErrorCode.Shape, () => session.Run(inputs), "another shape");
            }
        }

        public static void TensorRoundTripsEveryElementType()
        {
            RoundTrip(new[] { 1f, -2, float.PositiveInfinity });
            RoundTrip(new[] { 1.0, -2, double.MaxValue });
            RoundTrip(new sbyte[] { 1, -128, 127 });
            RoundTrip(new short[] { 1, short.MinValue, 7 });
            RoundTrip(new[] { 1, int.MinValue, 7 });
            RoundTrip(new[] { 1, long.MinValue, 7 });
            RoundTrip(new byte[] { 1, 255, 7 });
            RoundTrip(new ushort[] { 1, 65535, 7 });
            RoundTrip(new uint[] { 1, uint.MaxValue, 7 });
            RoundTrip(new ulong[] { 1, ulong.MaxValue, 7 });
            RoundTrip(new[] { true, false, true });
        }

        private static void RoundTrip<T>(T[] data) where T : struct
        {
            using (Tensor tensor = Tensor.Create(data, 3, 1))
            {
                Check.Same(data, tensor.ToArray<T>(), tensor.ToString());
                Check.Same(new long[] { 3, 1 }, tensor.Shape, "shape");
                Array.Reverse(data);
                tensor.Write(data);
                var got = new T[3];
                tensor.Read(got);
                Check.Same(data, got, tensor.ToString());
#if !LIBMO_NO_SPAN
                tensor.Access<T>(span => Check.Same(data, span.ToArray(), "in place"));
                tensor.Write(new ReadOnlySpan<T>(data));
                tensor.Read(new Span<T>(got));
                Check.Same(data, got, "span");
                tensor.Read(new Memory<T>(got));
                tensor.Write((ReadOnlyMemory<T>)data);
                using (Tensor other = Tensor.Create((ReadOnlySpan<T>)data, 3)) Check.Same(data, other.ToArray<T>(), "from a span");
                using (Tensor other = Tensor.Create((ReadOnlyMemory<T>)data, 3)) Check.Same(data, other.ToArray<T>(), "from memory that is read");
                using (Tensor other = Tensor.Create(new Memory<T>(data), 3)) Check.Same(data, other.ToArray<T>(), "from memory");
#endif
            }
        }

#if !LIBMO_NO_SPAN
        public static void SpansMayBeSlices()
        {
            float[] data = { 1, 2, 3, 4, 5 };
            using (Tensor tensor = Tensor.Create(new ReadOnlySpan<float>(data, 1, 3), 3))
            {
                tensor.Access<float>(span => span[0] = 9);
                tensor.Read(new Span<float>(data, 2, 3));
                Check.Same(new float[] { 1, 2, 9, 3, 4 }, data, "slice");
                Check.Fails(ErrorCode.Shape, () => tensor.Read(new Span<float>(new float[2])), "too short");
                Check.Fails(ErrorCode.Busy, () => tensor.Access<float>(span => tensor.Write(data)), "written inside");
                tensor.Access<float>(span =>
                {
                    tensor.Dispose();
                    span[0] = 3; // still there
                });
            }
            using (var tensors = new Tensors())
            {
                tensors.Add("x", new ReadOnlySpan<float>(data, 1, 2), 2);
                Check.Same(data.Skip(1).Take(2), tensors.Get<float>("x"), "a slice by name");
            }
            byte[] file = File.ReadAllBytes(Path.Combine(Runner.Models, "add.onnx")), padded = new byte[file.Length + 7];
            file.CopyTo(padded, 5);
            using (Model a = Things.Add(), b = Model.Load(new ReadOnlySpan<byte>(padded, 5, file.Length))) Check.Equal(a.Digest, b.Digest, "a model inside a larger array");
            Check.Fails(ErrorCode.Format, () => Model.Load(ReadOnlySpan<byte>.Empty), "no model");
        }
#endif

        public static void TensorRefusesWhatDoesNotFit()
        {
            Check.Fails(ErrorCode.Shape, () => Tensor.Create(new float[3], 2, 2), "three for four");
            Check.Fails(ErrorCode.Shape, () => Tensor.Create(new float[0], 2), "none for two");
            Check.Throws<ArgumentNullException>(() => Tensor.Create((float[])null, 2), "null");
            Check.Fails(ErrorCode.Type, () => Tensor.Create(new[] { DateTime.Now }, 1), "dates");
            using (Tensor tensor = Tensor.Create(new float[] { 1, 2 }, 2)) Check.Fails(ErrorCode.Type, () => tensor.ToArray<int>(), "floats as ints");
            using (Tensor empty = Tensor.Create(new float[0], 0, 4)) Check.Equal(0L, empty.Count, "empty");
            using (Tensor scalar = Tensor.Create(new[] { 2.5 })) Check.Equal("Float64[]", scalar.ToString(), "scalar");
            using (Tensor zeros = Tensor.Zeros(ElementType.BFloat16, 2, 3)) Check.Same(new byte[12], zeros.ToRaw(), "zeros");
        }

        public static void TensorOfTexts()
        {
            string[] texts = { "", "naïve 😀", "b" };
            using (Tensor tensor = Tensor.FromStrings(texts, 3))
            {
                Check.Same(texts, tensor.ToStrings(), "texts");
                tensor.WriteStrings(new[] { "1", "22", "333" });
                Check.Equal("333", tensor.ToStrings()[2], "written");
            }
            Check.Fails(ErrorCode.InvalidArgument, () => Tensor.FromStrings(new[] { "a\0b" }, 1), "NUL inside");
            Check.Fails(ErrorCode.InvalidArgument, () => Tensor.FromStrings(new[] { "\ud800" }, 1), "half a pair");
        }

        public static void TensorsKeepOrderAndSaveToNumPy()
        {
            string path = Things.Scratch("a 😀.npz");
            using (var tensors = new Tensors())
            {
                tensors.Add("second", new float[] { 1, 2, 3, 4 }, 2, 2);
                tensors.Add("first", new long[] { 7 });
                Check.Same(new[] { "second", "first" }, tensors.Names, "names");
                Check.Same(tensors.Names, tensors.Select(pair => pair.Key), "enumerated");
                tensors.Save(path);
                Check.Fails(ErrorCode.NotFound, () => tensors["third"].Dispose(), "a name that is not there");
                Tensor kept = tensors["first"];
                tensors.Dispose();
                Check.Equal(7L, kept.ToArray<long>()[0], "a tensor outlives its collection");
                kept.Dispose();
            }
            using (Tensors back = Tensors.Load(path)) Check.Same(new float[] { 1, 2, 3, 4 }, back.Get<float>("second"), "loaded");
        }

        public static void ModelLoadsFromEverywhereAndSaves()
        {
            string path = Things.Scratch("saved 😀.onnx");
            byte[] file = File.ReadAllBytes(Path.Combine(Runner.Models, "classifier.onnx"));
            using (Model a = Things.Classifier(), b = Model.Load(file), c = Model.Load(new MemoryStream(file)))
            {
                a.Save(path, new SaveOptions { Opset = 17 });
                using (Model d = Model.Load(path, new LoadOptions { MaxNodes = 10 }))
                    Check.That(new[] { b, c, d }.All(m => m.Digest == a.Digest), "digests");
                var stream = new MemoryStream();
                a.Save(stream);
                Check.Same(a.ToBytes(), stream.ToArray(), "bytes");
                Check.Fails(ErrorCode.Limit, () => Model.Load(path, new LoadOptions { MaxNodes = 1 }), "too many nodes");
            }
            Check.Fails(ErrorCode.Format, () => Model.Load(new byte[] { 1, 2, 3 }), "garbage");
            Check.Fails(ErrorCode.Format, () => Model.Load(new byte[0]), "nothing");
            Check.Fails(ErrorCode.InvalidArgument, () => Model.Load("a\0b"), "NUL inside");
            Check.Throws<ArgumentNullException>(() => Model.Load((string)null), "null");
        }

        public static void ModelTellsWhatIsInIt()
        {
            using (Model model = Things.Classifier())
            {
                Check.Equal("image Float32[-1, 3, 8, 8]", model.Inputs.Single().ToString(), "input");
                Check.Equal("scores", model.Outputs.Single().Name, "output");
                Check.That(model.DescribeJson().Contains("\"Conv\":2") || model.DescribeJson().Contains("\"Conv\": 2"), model.DescribeJson());
                using (Model with = model.WithMetadata("author", "größe"), without = with.WithMetadata("author", null))
                {
                    Check.Equal("größe", with.Metadata("author"), "metadata");
                    Check.Fails(ErrorCode.NotFound, () => without.Metadata("author"), "metadata");
                }
            }
        }

        public static void SessionRuns()
        {
            Session session;
            using (Model model = Things.Classifier()) session = new Session(model, Things.OneThread); // outlives its model
            using (session)
            using (Tensors inputs = Things.Images(1, 2), into = new Tensors())
            using (Tensors outputs = session.Run(inputs))
            {
                float[] first = outputs.Get<float>("scores");
                for (int i = 0; i < 3; ++i) session.RunInto(inputs, into);
                Check.Same(first, into.Get<float>("scores"), "RunInto");
                session.RunIntoAsync(inputs, into).Wait();
                Check.Throws<OperationCanceledException>(() => session.RunInto(inputs, into, new CancellationToken(true)), "cancelled");
                Check.Throws<OperationCanceledException>(() => session.RunIntoAsync(inputs, into, new CancellationToken(true)).Wait(), "cancelled before it began");
                using (Tensors later = session.RunAsync(inputs).Result) Check.Same(first, later.Get<float>("scores"), "RunAsync");
                Check.That(session.Explain().Contains("first"), "explanation");
                Check.That(session.ExplainJson().StartsWith("{") && session.ProfileJson(inputs, 2).StartsWith("{"), "JSON");
                Check.That(session.MemoryJson().Contains("arena_bytes"), "memory");
                Check.Fails(ErrorCode.InvalidArgument, () => session.ProfileJson(inputs, 0), "no iterations");
                Check.Fails(ErrorCode.Busy, () => session.RunInto(inputs, inputs), "inputs as outputs");
                Check.Fails(ErrorCode.NotFound, () => session.Run(into), "no input");
            }
        }

        public static void OptionsByKeyAndTyped()
        {
            var options = new QuantizeOptions
            {
                Precision = QuantizeOptions.PrecisionValues.Int8, Seed = 3, FoldBatchNorm = false, CalibrationPercentile = 99.5,
                Exclude = new[] { "a,b", "c" },
            };
            options.Parse("calibration:\n  method: percentile\n");
            string json = options.ToJson();
            foreach (string part in new[] { "\"a,b\"", "percentile", "99.5", "false" }) Check.That(json.Contains(part), json);
            Check.Equal(3L, options.Seed.Value, "seed");
            options.Seed = null;
            Check.That(!options.ToJson().Contains("seed"), "back to the default");
            options["sead"] = 1;
            Check.That(Check.Throws<MoException>(() => options.Validate(), "unknown key").Message.Contains("seed"), "names the nearest key");
            Check.Throws<MoException>(() => new SessionOptions { Threads = 5000 }.Validate(), "range");
            Check.Fails(ErrorCode.NotFound, () => new Options("dance").Validate(), "operation");
            Check.That(Options.DescribeJson(null).Contains("\"quantize\"") && Options.DescribeJson("session").Contains("release_weights"), "schema");
            using (Model model = Things.Classifier())
            {
                Check.Throws<MoException>(() => new Session(model, new SessionOptions { Threads = 5000 }), "range");
                using (var session = new Session(model, new SessionOptions { ExtraOutputs = new List<string> { "b" } }))
                using (Tensors inputs = Things.Images(1, 1), outputs = session.Run(inputs))
                    Check.That(outputs.Names.Contains("b"), "extra output");
            }
        }

        public static void DatasetGivesBatches()
        {
            using (Tensors arrays = Things.Samples(5))
            using (Dataset data = Dataset.Create(arrays, new DatasetOptions { BatchSize = 2 }))
            {
                Check.Equal(5L, data.Count, "count");
                Check.Same(new long[] { 2, 2, 1 }, data.Batches().Select(batch => batch.Label.Count), "batches");
                Check.That(data.Next() == null, "the end");
                data.Rewind();
                using (Batch batch = data.Next()) Check.Same(Things.Ramp(5 * 192, 5).Take(384), batch.Inputs.Get<float>("image"), "first batch");
                string path = Things.Scratch("d.npz");
                arrays.Save(path);
                using (Dataset file = Dataset.Open(path, new DatasetOptions { Samples = 3 })) Check.Equal(3L, file.Count, "samples");
            }
        }

        private sealed class Listener : IProgress<WorkProgress>
        {
            private readonly Action<WorkProgress> hear;
            internal Listener(Action<WorkProgress> hear) { this.hear = hear; }
            public void Report(WorkProgress value) { hear(value); }
        }

        public static void QuantizeEvaluateCompareBenchmark()
        {
            using (Model model = Things.Classifier())
            using (Calibration calibration = Things.Calibrated(model))
            using (Tensors arrays = Things.Samples(6))
            using (Dataset data = Dataset.Create(arrays))
            {
                Check.Equal(16L, calibration.Count, "fed");
                var stages = new List<string>();
                using (QuantizeResult small = model.Quantize(calibration, new QuantizeOptions { Threads = 1 }, new Listener(p => stages.Add(p.Stage))))
                {
                    Check.That(stages.Count > 0 && small.Report.Passed && small.Report.Text != "" && small.Report.Json.StartsWith("{"), "report");
                    using (QuantizeResult again = model.QuantizeAsync(calibration, new QuantizeOptions { Threads = 1 }).Result)
                        Check.Equal(small.Model.Digest, again.Model.Digest, "the same bytes");
                    using (Report e = small.Model.Evaluate(data, new EvaluateOptions { Metric = "top1", Minimum = 1.1 }))
                    {
                        Check.Equal(6.0, e.Number("samples"), "samples");
                        Check.That(!e.Passed, "gate");
                        Check.Fails(ErrorCode.NotFound, () => e.Number("metric"), "not a number");
                    }
                    Model.Compare(model, small.Model, data, new CompareOptions { Seconds = 0.01 }).Dispose();
                    Model.CompareAsync(model, small.Model, null, new CompareOptions { Seconds = 0 }).Result.Dispose();
                }
                using (Report b = model.Benchmark(null, new BenchmarkOptions { Runs = 3, Warmup = 1 })) Check.That(b.Number("median_ms") > 0, b.Text);
                using (Report b = model.BenchmarkAsync(null, new BenchmarkOptions { Runs = 3 }).Result) Check.That(b.Passed, b.Text);
                Check.Fails(ErrorCode.InvalidArgument, () => model.Quantize(), "no calibration");
                model.Quantize(null, new QuantizeOptions { Precision = "fp16" }).Dispose();
            }
        }

        public static void SearchesAskTheCallersMetric()
        {
            using (Model model = Things.Classifier())
            using (Calibration calibration = Things.Calibrated(model))
            {
                int asked = 0;
                var goal = new GoalOptions { MaxDrop = 0.1 };
                using (QuantizeResult q = model.QuantizeToGoal(calibration, goal, null, m => { asked += m.Inputs.Count; return 0.9; }))
                    Check.That(asked > 0 && q.Report.ToHtml().Contains("<html"), "asked " + asked);
                using (Report r = model.SensitivityAsync(calibration).Result) Check.That(r.Json.Contains("units"), r.Json);
                Check.Throws<FormatException>(() => model.QuantizeToGoal(calibration, goal, null, m => { throw new FormatException("mine"); }), "thrown");
            }
        }

        private static IEnumerable<Tensors> Batches(int count)
        {
            for (int i = 0; i < count; ++i) yield return Things.Images(i, 4);
        }

        public static void CalibrationMergesAndSaves()
        {
            string path = Things.Scratch("statistics");
            using (Model model = Things.Classifier(), add = Things.Add())
            using (Calibration a = Things.Calibrated(model), b = new Calibration(model))
            {
                b.FeedAll(Batches(1));
                b.FeedAllAsync(Batches(1)).Wait();
                Check.Throws<OperationCanceledException>(() => b.FeedAllAsync(Batches(1), new CancellationToken(true)).Wait(), "cancelled");
                a.Merge(b);
                Check.Equal(24L, a.Count, "merged");
                a.Save(path);
                using (Calibration back = Calibration.Load(path, model)) Check.Equal(24L, back.Count, "loaded");
                Check.Fails(ErrorCode.InvalidArgument, () => Calibration.Load(path, add), "another model");
            }
        }

        public static void CancellationAndDeadlines()
        {
            var longer = new BenchmarkOptions { Seconds = 60 };
            using (Model model = Things.Add())
            using (Tensors inputs = new Tensors())
            using (var session = new Session(model))
            {
                inputs.Add("x", new float[] { 1 }, 1);
                using (var source = new CancellationTokenSource())
                {
                    var stop = new Listener(p => source.Cancel());
                    var e = Check.Throws<OperationCanceledException>(() => model.Benchmark(null, longer, stop, source.Token), "cancelled");
                    Check.That(e.CancellationToken == source.Token, "token");
                    Check.Throws<OperationCanceledException>(() => session.Run(inputs, source.Token), "cancelled before");
                    Task<Report> task = model.BenchmarkAsync(null, longer, null, source.Token);
                    Check.Throws<OperationCanceledException>(() => task.Wait(), "task");
                    Check.That(task.IsCanceled, "task is cancelled");
                }
                using (var source = new CancellationTokenSource(20)) Check.Throws<OperationCanceledException>(
                    () => model.Benchmark(null, longer, null, source.Token), "cancelled later");
                using (var control = new Control())
                {
                    control.SetDeadline(TimeSpan.FromMilliseconds(20));
                    Check.Fails(ErrorCode.Deadline, () => model.Benchmark(null, longer, control), "deadline");
                    control.SetDeadline(TimeSpan.Zero);
                    session.Run(inputs, control).Dispose();
                    control.Cancel();
                    Check.Throws<OperationCanceledException>(() => session.Run(inputs, control), "cancelled by the control");
                }
                session.Run(inputs).Dispose();
            }
        }

        public static void ExceptionsOfCallbacksReachTheCaller()
        {
            using (Model model = Things.Add())
            {
                for (int i = 0; i < 100; ++i)
                {
                    var e = Check.Throws<FormatException>(() => model.Benchmark(null, new BenchmarkOptions { Seconds = 60 }, new Listener(p => { throw new FormatException("oh"); })), "thrown");
                    Check.Equal("oh", e.Message, "message");
                }
                model.Benchmark(null, new BenchmarkOptions { Runs = 1 }).Dispose(); // the native side is as it was
                Library.SetLog(LogLevel.Debug, (level, line) => { throw new FormatException("dropped"); });
                using (var session = new Session(model))
                using (var inputs = new Tensors())
                {
                    inputs.Add("x", new float[] { 1 }, 1);
                    session.Run(inputs).Dispose();
                }
                Library.SetLog(LogLevel.Off, null);
            }
        }
    }
}
