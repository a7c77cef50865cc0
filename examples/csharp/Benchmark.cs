// Times a model on another thread and stops at a deadline. usage: Benchmark MODEL [SECONDS]
using System;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Libmo;

internal static class Benchmark
{
    private static int Main(string[] arguments)
    {
        if (arguments.Length < 1)
        {
            Console.Error.WriteLine("usage: Benchmark MODEL [SECONDS]");
            return 2;
        }
        double seconds = arguments.Length > 1 ? double.Parse(arguments[1], CultureInfo.InvariantCulture) : 1;
        return Measure(arguments[0], seconds).GetAwaiter().GetResult();
    }

    private static async Task<int> Measure(string path, double seconds)
    {
        using (var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        using (Model model = Model.Load(path))
        {
            try
            {
                using (Report report = await model.BenchmarkAsync(null, new BenchmarkOptions { Seconds = seconds, Threads = 1 }, null, deadline.Token))
                {
                    Console.WriteLine(string.Format(CultureInfo.InvariantCulture, "median {0:G4} ms, 99 % within {1:G4} ms", report.Number("median_ms"), report.Number("p99_ms")));
                    Console.WriteLine(report.Text);
                }
                return 0;
            }
            catch (OperationCanceledException)
            {
                Console.Error.WriteLine("not done within a minute");
                return 1;
            }
        }
    }
}
