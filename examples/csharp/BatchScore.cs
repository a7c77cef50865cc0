// Scores many samples with one session and the thread pool; each worker uses its buffers again. usage: BatchScore MODEL SAMPLES
using System;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Libmo;

internal static class BatchScore
{
    // What one worker keeps from sample to sample, so that a sample allocates nothing.
    private sealed class Worker : IDisposable
    {
        private readonly Session session;
        private readonly Tensors inputs = new Tensors(), outputs = new Tensors();
        private readonly Tensor x, y;
        private readonly float[] data, scores;

        internal Worker(Model model, Session session)
        {
            this.session = session;
            Port input = model.Inputs[0], output = model.Outputs[0];
            long[] shape = Sizes(input), outShape = Sizes(output);
            data = new float[shape.Aggregate(1L, (a, b) => a * b)];
            scores = new float[outShape.Aggregate(1L, (a, b) => a * b)];
            inputs.Add(input.Name, data, shape);
            outputs.Add(output.Name, scores, outShape);
            x = inputs[input.Name];
            y = outputs[output.Name];
        }

        private static long[] Sizes(Port port) { return port.Shape.Select(n => Math.Max(n, 1)).ToArray(); }

        internal int Score(long sample)
        {
            for (int i = 0; i < data.Length; ++i) data[i] = (i * 7L + sample * 31) % 255 / 127.5f - 1; // your data here
            x.Write(data);
            session.RunInto(inputs, outputs);
            y.Read(scores);
            int best = 0;
            for (int i = 1; i < scores.Length; ++i)
                if (scores[i] > scores[best]) best = i;
            return best;
        }

        public void Dispose()
        {
            foreach (IDisposable d in new IDisposable[] { x, y, inputs, outputs }) d.Dispose();
        }
    }

    private static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: BatchScore MODEL SAMPLES");
            return 2;
        }
        int count = int.Parse(arguments[1]);
        var classes = new int[count];
        using (Model model = Model.Load(arguments[0]))
        using (var session = new Session(model, new SessionOptions { Threads = 1 })) // the pool is the parallelism
        {
            Stopwatch clock = Stopwatch.StartNew();
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, () => new Worker(model, session),
                (i, state, worker) =>
                {
                    classes[i] = worker.Score(i);
                    return worker;
                }, worker => worker.Dispose());
            string found = string.Join(", ", classes.GroupBy(c => c).OrderBy(g => g.Key).Select(g => g.Key + ": " + g.Count()));
            Console.WriteLine("{0} samples, {1:F0} a second, classes {{{2}}}", count, count / clock.Elapsed.TotalSeconds, found);
        }
        return 0;
    }
}
