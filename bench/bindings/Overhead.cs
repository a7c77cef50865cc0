// The cost of a session run on one element through the C# face; overhead.py says what it answers. usage: Overhead ADD_MODEL
using System;
using System.Diagnostics;
using System.Globalization;
using Libmo;

internal static class Overhead
{
    private const int Batches = 50, Runs = 1000;

    private static void Main(string[] arguments)
    {
        var times = new double[Batches];
        using (Model model = Model.Load(arguments[0]))
        using (var session = new Session(model, new SessionOptions { Threads = 1 }))
        using (Tensors inputs = new Tensors(), outputs = new Tensors())
        {
            inputs.Add("x", new float[1], 1);
            outputs.Add("y", new float[1], 1);
            while (Console.In.ReadLine() != null)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int batch = 0; batch < Batches; ++batch)
                {
                    long begin = Stopwatch.GetTimestamp();
                    for (int i = 0; i < Runs; ++i) session.RunInto(inputs, outputs);
                    times[batch] = (Stopwatch.GetTimestamp() - begin) * 1e9 / Stopwatch.Frequency / Runs;
                }
                double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Batches * Runs);
                Array.Sort(times);
                Console.WriteLine(string.Format(CultureInfo.InvariantCulture, "{0:F1} {1:F4} bytes", times[Batches / 2], bytes));
            }
        }
    }
}
