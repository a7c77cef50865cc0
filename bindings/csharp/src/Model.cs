// An ONNX model and what is done with it.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Libmo
{
    /// <summary>An ONNX model. It never changes and may be shared by threads.</summary>
    public sealed unsafe partial class Model : NativeObject
    {
        internal Model(IntPtr address) : base(address, NativeHandle.Kind.Model) { }

        internal Model(IntPtr address, NativeHandle.Kind kind) : base(address, kind) { }

        /// <summary>Reads an .onnx file; external data is looked for beside it, and only there.</summary>
        public static Model Load(string path, LoadOptions? options = null)
        {
            if (path == null) throw new ArgumentNullException("path");
            return Options.With(options, "load", o =>
            {
                IntPtr address;
                Native.mo_model_load(path, o, out address);
                return new Model(address);
            });
        }

        /// <summary>Reads a model from memory. External data is refused unless baseFolder names the folder that holds it.</summary>
        public static Model Load(byte[] data, string? baseFolder = null, LoadOptions? options = null)
        {
            if (data == null) throw new ArgumentNullException("data");
            if (data.Length == 0) throw new MoException(ErrorCode.Format, "the model is empty");
            return Options.With(options, "load", o =>
            {
                IntPtr address;
                fixed (byte* p = data) Native.mo_model_load_bytes(new IntPtr(p), data.Length, baseFolder, o, out address);
                return new Model(address);
            });
        }

        /// <summary>Reads a model from a stream to its end; external data is refused.</summary>
        public static Model Load(Stream stream, LoadOptions? options = null)
        {
            if (stream == null) throw new ArgumentNullException("stream");
            var memory = new MemoryStream();
            stream.CopyTo(memory);
            return Load(memory.ToArray(), null, options);
        }

        /// <summary>Writes an .onnx file, and its external data beside it when the model needs that. The file is whole or as it was before.</summary>
        public void Save(string path, SaveOptions? options = null)
        {
            if (path == null) throw new ArgumentNullException("path");
            Options.With(options, "save", o =>
            {
                Native.mo_model_save(Handle, path, o);
                return 0;
            });
        }

        /// <summary>The model as an .onnx file in memory; at most 2 GiB.</summary>
        public byte[] ToBytes(SaveOptions? options = null)
        {
            return Options.With(options, "save", o =>
            {
                IntPtr buffer;
                Native.mo_model_save_bytes(Handle, o, out buffer);
                return BytesOf(buffer);
            });
        }

        /// <summary>Writes the model as an .onnx file to a stream.</summary>
        public void Save(Stream stream, SaveOptions? options = null)
        {
            if (stream == null) throw new ArgumentNullException("stream");
            byte[] data = ToBytes(options);
            stream.Write(data, 0, data.Length);
        }

        /// <summary>What is in it, as a JSON object: inputs, outputs, operators, parameters, sizes, multiply-adds.</summary>
        public string DescribeJson()
        {
            IntPtr json;
            Native.mo_model_describe_json(Handle, out json);
            return TextOf(json);
        }

        /// <summary>"sha256:" and 64 hexadecimal digits, over the bytes that saving with default options writes.</summary>
        public string Digest
        {
            get
            {
                IntPtr digest;
                Native.mo_model_digest(Handle, out digest);
                return TextOf(digest);
            }
        }

        /// <summary>The value that the model's metadata has for a key; throws <see cref="ErrorCode.NotFound"/> when it has none.</summary>
        public string Metadata(string key)
        {
            if (key == null) throw new ArgumentNullException("key");
            IntPtr value;
            Native.mo_model_metadata_get(Handle, key, out value);
            return TextOf(value);
        }

        /// <summary>A model that differs in one metadata entry (null: the entry removed) and shares the weights.</summary>
        public Model WithMetadata(string key, string? value)
        {
            if (key == null) throw new ArgumentNullException("key");
            IntPtr address;
            Native.mo_model_metadata_set(Handle, key, value, out address);
            return new Model(address);
        }

        /// <summary>What the model takes, in its own order.</summary>
        public IReadOnlyList<Port> Inputs
        {
            get { return Handle.Hold(m => Ports(Native.mo_model_input_count(Handle), i => Native.mo_model_input(Handle, i))); }
        }

        /// <summary>What the model gives, in its own order.</summary>
        public IReadOnlyList<Port> Outputs
        {
            get { return Handle.Hold(m => Ports(Native.mo_model_output_count(Handle), i => Native.mo_model_output(Handle, i))); }
        }

        private static Port[] Ports(long count, Func<long, IntPtr> at)
        {
            var ports = new Port[count];
            for (int i = 0; i < ports.Length; ++i) ports[i] = new Port(at(i));
            return ports;
        }

        /// <summary>Makes a model in lower precision, as standard ONNX. Static quantization needs a calibration with at least one batch; the other modes
        /// take null.</summary>
        public QuantizeResult Quantize(Calibration? calibration = null, QuantizeOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Control.With(progress, cancellationToken, c => Quantize(calibration, options, c));
        }

        /// <summary>The same under a control of the caller's.</summary>
        public QuantizeResult Quantize(Calibration? calibration, QuantizeOptions? options, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            return control.Run(c => Quantize(calibration, options, c));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task<QuantizeResult> QuantizeAsync(Calibration? calibration = null, QuantizeOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => Quantize(calibration, options, progress, cancellationToken), cancellationToken);
        }

        private QuantizeResult Quantize(Calibration? calibration, QuantizeOptions? options, NativeHandle control)
        {
            return Options.With(options, "quantize", o =>
            {
                IntPtr model, report;
                Native.mo_quantize(Handle, Optional(calibration), o, control, out model, out report);
                return new QuantizeResult(new Model(model), new Report(report));
            });
        }

        /// <summary>Measures latency, throughput, memory and load time on this machine. inputs null: seeded random values, free dimensions as the options
        /// say. The report has "median_ms", "min_ms", "p90_ms", "p99_ms", "throughput", "peak_rss_mb", "load_ms".</summary>
        public Report Benchmark(Tensors? inputs = null, BenchmarkOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Control.With(progress, cancellationToken, c => Benchmark(inputs, options, c));
        }

        /// <summary>The same under a control of the caller's.</summary>
        public Report Benchmark(Tensors? inputs, BenchmarkOptions? options, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            return control.Run(c => Benchmark(inputs, options, c));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task<Report> BenchmarkAsync(Tensors? inputs = null, BenchmarkOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => Benchmark(inputs, options, progress, cancellationToken), cancellationToken);
        }

        private Report Benchmark(Tensors? inputs, BenchmarkOptions? options, NativeHandle control)
        {
            return Options.With(options, "benchmark", o =>
            {
                IntPtr report;
                Native.mo_benchmark(Handle, Optional(inputs), o, control, out report);
                return new Report(report);
            });
        }

        /// <summary>A metric of the model over a data set, which is rewound first. The report has "metric", "value", "samples".</summary>
        public Report Evaluate(Dataset dataset, EvaluateOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Control.With(progress, cancellationToken, c => Evaluate(dataset, options, c));
        }

        /// <summary>The same under a control of the caller's.</summary>
        public Report Evaluate(Dataset dataset, EvaluateOptions? options, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            return control.Run(c => Evaluate(dataset, options, c));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task<Report> EvaluateAsync(Dataset dataset, EvaluateOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => Evaluate(dataset, options, progress, cancellationToken), cancellationToken);
        }

        private Report Evaluate(Dataset dataset, EvaluateOptions? options, NativeHandle control)
        {
            NativeHandle data = Needed(dataset, "dataset");
            return Options.With(options, "evaluate", o =>
            {
                IntPtr report;
                Native.mo_evaluate(Handle, data, o, control, out report);
                return new Report(report);
            });
        }

        /// <summary>Two models with the same inputs and outputs side by side: size, parameters, latency, memory; with a data set also the metric of both, how far
        /// their outputs agree, and the error at each node that both have.</summary>
        public static Report Compare(Model a, Model b, Dataset? dataset = null, CompareOptions? options = null, IProgress<WorkProgress>? progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Control.With(progress, cancellationToken, c => Compare(a, b, dataset, options, c));
        }

        /// <summary>The same under a control of the caller's.</summary>
        public static Report Compare(Model a, Model b, Dataset? dataset, CompareOptions? options, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            return control.Run(c => Compare(a, b, dataset, options, c));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public static Task<Report> CompareAsync(Model a, Model b, Dataset? dataset = null, CompareOptions? options = null,
            IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => Compare(a, b, dataset, options, progress, cancellationToken), cancellationToken);
        }

        private static Report Compare(Model a, Model b, Dataset? dataset, CompareOptions? options, NativeHandle control)
        {
            NativeHandle first = Needed(a, "a"), second = Needed(b, "b");
            return Options.With(options, "compare", o =>
            {
                IntPtr report;
                Native.mo_compare(first, second, Optional(dataset), o, control, out report);
                return new Report(report);
            });
        }
    }

    /// <summary>A quantized model and what was done to make it.</summary>
    public sealed class QuantizeResult : IDisposable
    {
        internal QuantizeResult(Model model, Report report)
        {
            Model = model;
            Report = report;
        }

        /// <summary>The model.</summary>
        public Model Model { get; }

        /// <summary>What was done and measured.</summary>
        public Report Report { get; }

        /// <summary>Frees both.</summary>
        public void Dispose()
        {
            Model.Dispose();
            Report.Dispose();
        }
    }
}
