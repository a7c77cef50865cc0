// Dispose, threads, forgotten objects.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;

namespace Libmo.Tests
{
    internal static class LifeTest
    {
        /// How many times the long tests repeat: LIBMO_OFTEN, or few. The million of docs/csharp.md is LIBMO_OFTEN=1000000.
        private static int Often(int few)
        {
            int n;
            return int.TryParse(Environment.GetEnvironmentVariable("LIBMO_OFTEN"), out n) ? n : few;
        }

        private static readonly bool Loud = Environment.GetEnvironmentVariable("LIBMO_OFTEN") != null;

        private static long Resident()
        {
            return long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
        }

        public static void DisposedObjectsThrow()
        {
            Model model = Things.Classifier();
            var session = new Session(model);
            Calibration calibration = Things.Calibrated(model);
            Tensors inputs = Things.Images(1, 1), arrays = Things.Samples(3);
            Tensor tensor = inputs["image"];
            Dataset data = Dataset.Create(arrays);
            Report report = model.Benchmark(null, new BenchmarkOptions { Runs = 1 });
            var control = new Control();
            foreach (NativeObject o in new NativeObject[] { model, session, calibration, inputs, tensor, data, report, control })
            {
                o.Dispose();
                o.Dispose();
                Check.That(o.IsDisposed, o.GetType().Name);
            }
            var uses = new Action[]
            {
                () => session.Run(inputs), () => session.RunInto(inputs, arrays), () => session.Explain(), () => session.MemoryJson(), () => model.ToBytes(),
                () => model.Save("never"), () => Console.Write(model.Digest), () => Console.Write(model.Inputs), () => new Session(model),
                () => new Calibration(model), () => model.Quantize(calibration), () => calibration.Feed(arrays), () => Console.Write(calibration.Count),
                () => calibration.Merge(calibration), () => inputs["image"].Dispose(), () => Console.Write(inputs.Count), () => Console.Write(inputs.Names),
                () => inputs.Set("x", tensor), () => tensor.ToRaw(), () => tensor.Write(new float[192]), () => Console.Write(tensor.Shape), () => data.Next(),
                () => data.Rewind(), () => Console.Write(data.Count), () => Console.Write(report.Json), () => Console.Write(report.Passed),
                () => Console.Write(report.Text), () => report.Number("median_ms"), () => control.Cancel(), () => control.SetDeadline(TimeSpan.Zero),
            };
            for (int i = 0; i < uses.Length; ++i) Check.Throws<ObjectDisposedException>(uses[i], "use " + i);
            arrays.Dispose();
        }

        public static void NullArgumentsThrow()
        {
            Check.Throws<ArgumentNullException>(() => new Session(null), "session");
            Check.Throws<ArgumentNullException>(() => new Calibration(null), "calibration");
            Check.Throws<ArgumentNullException>(() => Model.Compare(null, null), "compare");
            using (var tensors = new Tensors()) Check.Throws<ArgumentNullException>(() => tensors.Set("x", null), "tensor");
        }

        public static void DisposeWhileRunning()
        {
            for (int round = 0; round < 20; ++round)
            {
                Model model = Things.Add();
                var session = new Session(model, Things.OneThread);
                var inputs = new Tensors();
                inputs.Add("x", new float[] { 1 }, 1);
                Exception wrong = null;
                Thread[] threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
                {
                    try { while (true) session.Run(inputs).Dispose(); }
                    catch (ObjectDisposedException) { }
                    catch (Exception e) { wrong = e; }
                })).ToArray();
                foreach (Thread t in threads) t.Start();
                Thread.Sleep(2);
                model.Dispose();
                session.Dispose();
                inputs.Dispose();
                foreach (Thread t in threads) t.Join();
                Check.That(wrong == null, "" + wrong);
            }
        }

        private static void Forget(Model model, int n)
        {
            for (int i = 0; i < n; ++i)
            {
                model.WithMetadata("k", "v");
                new Session(model, Things.OneThread);
                new Tensors();
                Tensor.Zeros(ElementType.Float32, 1024);
                new Control();
            }
        }

        public static void ForgottenObjectsAreFreed()
        {
            using (Model model = Things.Add())
            {
                int before = NativeHandle.Live;
                var maker = new Thread(() => Forget(model, 2000)); // on a stack of its own, where nothing is kept by chance
                maker.Start();
                maker.Join();
                var clock = Stopwatch.StartNew();
                while (NativeHandle.Live > before + 20 && clock.Elapsed.TotalSeconds < 30)
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    Thread.Sleep(5);
                }
                if (Loud) Console.WriteLine(NativeHandle.Live - before + " of 10000 forgotten objects are left");
                Check.That(NativeHandle.Live <= before + 20, NativeHandle.Live - before + " of 10000 are left"); // Mono scans stacks conservatively
            }
        }

        public static void SixteenThreadsAgree()
        {
            int runs = Often(5000) / 10;
            bool over = false;
            var collector = new Thread(() =>
            {
                while (!Volatile.Read(ref over))
                {
                    GC.Collect();
                    Thread.Sleep(1);
                }
            });
            collector.Start();
            string wrong = null;
            using (Model model = Things.Add())
            using (var session = new Session(model, Things.OneThread))
            {
                Thread[] threads = Enumerable.Range(0, 16).Select(k => new Thread(() =>
                {
                    try
                    {
                        using (Tensors inputs = new Tensors(), outputs = new Tensors())
                        {
                            inputs.Add("x", new float[] { k }, 1);
                            outputs.Add("y", new float[1], 1);
                            var got = new float[1];
                            using (Tensor y = outputs["y"])
                                for (int i = 0; i < runs; ++i)
                                {
                                    session.RunInto(inputs, outputs);
                                    y.Read(got);
                                    if (got[0] != k + 1) wrong = got[0] + " from " + k;
                                }
                        }
                    }
                    catch (Exception e) { wrong = "" + e; }
                })).ToArray();
                foreach (Thread t in threads) t.Start();
                foreach (Thread t in threads) t.Join();
            }
            Volatile.Write(ref over, true);
            collector.Join();
            Check.That(wrong == null, wrong);
        }

        public static void CreateAndDisposeKeepsMemoryFlat()
        {
            using (Model model = Things.Add())
            using (Tensor x = Tensor.Create(new float[] { 1 }, 1))
            using (var inputs = new Tensors())
            {
                inputs.Set("x", x);
                Steady("tensors", Often(5000), () => Tensor.Create(new float[] { 1, 2 }, 2).Dispose());
                Steady("collections", Often(5000), () => { using (var tensors = new Tensors()) tensors.Set("x", x); });
                Steady("options", Often(5000), () => new SessionOptions { Threads = 1 }.Validate()); // makes the library's options and frees them
                Steady("models", Often(5000), () => model.WithMetadata("k", "v").Dispose());
                Steady("sessions", Often(5000), () => new Session(model, Things.OneThread).Dispose());
                Steady("sessions that ran", Often(5000), () => { using (var session = new Session(model, Things.OneThread)) session.Run(inputs).Dispose(); });
            }
        }

        private static void Steady(string kind, int count, Action cycle)
        {
            for (int i = 0; i < 2000 + count / 10; ++i) cycle();
            GC.Collect();
            var kilobytes = new List<long> { Resident() / 1024 };
            var clock = Stopwatch.StartNew();
            for (int tenth = 0; tenth < 10; ++tenth)
            {
                for (int i = 0; i < count / 10; ++i) cycle();
                kilobytes.Add(Resident() / 1024);
            }
            string told = count + " " + kind + " in " + clock.Elapsed.TotalSeconds.ToString("F1") + " s, RSS in kB: " + string.Join(" ", kilobytes);
            if (Loud) Console.WriteLine(told);
            bool kept = Environment.GetEnvironmentVariable("MO_SANITIZED") != null; // AddressSanitizer keeps what was freed
            Check.That(kept || kilobytes.Last() - kilobytes.First() < 16 << 10, told);
        }

        public static void ReusedBuffersAllocateNothing()
        {
            using (Model model = Things.Add())
            using (var session = new Session(model, Things.OneThread))
            using (Tensors inputs = new Tensors(), outputs = new Tensors())
            {
                inputs.Add("x", new float[] { 1 }, 1);
                outputs.Add("y", new float[1], 1);
                var buffer = new float[1];
                using (Tensor x = inputs["x"], y = outputs["y"])
                {
                    Action once = () =>
                    {
                        x.Write(buffer);
                        session.RunInto(inputs, outputs);
                        y.Read(buffer);
                    };
                    for (int i = 0; i < 2000; ++i) once();
#if CORE
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    for (int i = 0; i < 100000; ++i) once();
                    Check.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before, "bytes allocated by 100000 runs");
#else
                    GC.Collect();
                    int collections = GC.CollectionCount(0);
                    for (int i = 0; i < 1000000; ++i) once(); // a million objects of 24 bytes would fill the nursery of 4 MB six times
                    Check.Equal(collections, GC.CollectionCount(0), "collections");
#endif
                }
            }
        }
    }
}
