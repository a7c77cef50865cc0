// Quantizes a model to int8; the calibration batches come from an IEnumerable. usage: Quantize MODEL OUT
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Libmo;

internal static class Quantize
{
    // Batches of the size that the model wants; yours would come from files, a queue, a database.
    private static IEnumerable<Tensors> Batches(Model model, int count)
    {
        var random = new Random(1);
        for (int i = 0; i < count; ++i)
        {
            var batch = new Tensors();
            foreach (Port input in model.Inputs)
            {
                long[] shape = input.Shape.Select((n, axis) => n >= 0 ? n : axis == 0 ? 8 : 1).ToArray();
                var data = new float[shape.Aggregate(1L, (a, b) => a * b)];
                for (int k = 0; k < data.Length; ++k) data[k] = (float)random.NextDouble() * 2 - 1;
                batch.Add(input.Name, data, shape);
            }
            yield return batch;
        }
    }

    private sealed class Bar : IProgress<WorkProgress>
    {
        public void Report(WorkProgress p) { Console.Error.Write("\r{0,-20} {1}/{2} ", p.Stage, p.Done, p.Total); }
    }

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: Quantize MODEL OUT");
            return 2;
        }
        using (var interrupt = new CancellationTokenSource())
        {
            Console.CancelKeyPress += (sender, e) => // Ctrl-C stops the work, nothing is half-written
            {
                e.Cancel = true;
                interrupt.Cancel();
            };
            try
            {
                using (Model model = Model.Load(arguments[0]))
                using (var calibration = new Calibration(model))
                {
                    calibration.FeedAll(Batches(model, 20), interrupt.Token);
                    var options = new QuantizeOptions { Precision = QuantizeOptions.PrecisionValues.Int8 };
                    using (QuantizeResult small = model.QuantizeAsync(calibration, options, new Bar(), interrupt.Token).GetAwaiter().GetResult())
                    {
                        Console.Error.WriteLine();
                        small.Model.Save(arguments[1]);
                        Console.WriteLine("{0} samples, {1} -> {2} bytes", calibration.Count, model.ToBytes().Length, small.Model.ToBytes().Length);
                    }
                }
                return 0;
            }
            catch (MoException e)
            {
                Console.Error.WriteLine(e.CodeName + ": " + e.Message + (e.Node == "" ? "" : " (node " + e.Node + ", " + e.Operator + ")"));
                return 1;
            }
            catch (OperationCanceledException) { return 130; }
        }
    }
}
