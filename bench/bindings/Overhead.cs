// Nanoseconds of a session run on one element through the C# face, buffers used again; compare with overhead.c. usage: Overhead ADD_MODEL
using System;
using System.Diagnostics;
using Libmo;

internal static class Overhead
{
    private static void Main(string[] arguments)
    {
        const int batches = 300, runs = 2000;
        var times = new double[batches];
        using (Model model = Model.Load(arguments[0]))
        using (var session = new Session(model, new SessionOptions { Threads = 1 }))
        using (Tensors inputs = new Tensors(), outputs = new Tensors())
        {
            inputs.Add("x", new float[1], 1);
            outputs.Add("y", new float[1], 1);
            for (int warm = 0; warm < 20; ++warm)
                for (int i = 0; i < runs; ++i) session.RunInto(inputs, outputs);
            int collections = GC.CollectionCount(0);
            for (int batch = 0; batch < batches; ++batch)
            {
                long begin = Stopwatch.GetTimestamp();
                for (int i = 0; i < runs; ++i) session.RunInto(inputs, outputs);
                times[batch] = (Stopwatch.GetTimestamp() - begin) * 1e9 / Stopwatch.Frequency / runs;
            }
            Array.Sort(times);
            Console.WriteLine("C#: minimum {0:F0} ns, median {1:F0} ns a run, {2} collections", times[0], times[batches / 2], GC.CollectionCount(0) - collections);
        }
    }
}
