// A model made ready to run.
#nullable enable
using System;
using System.Threading;
using System.Threading.Tasks;

namespace Libmo
{
    /// <summary>A model made ready to run. Many threads may run it at once.</summary>
    public sealed class Session : NativeObject
    {
        /// <summary>Makes a model ready to run; kernels and memory are planned per set of input shapes, at their first run.</summary>
        public Session(Model model, SessionOptions? options = null) : base(Make(model, options), NativeHandle.Kind.Session) { }

        private Session(IntPtr address) : base(address, NativeHandle.Kind.Session) { }

        /// <summary>The same straight from a file, whose model nobody else holds: weights that are released (ReleaseWeights) are never in memory twice.</summary>
        public static Session Load(string path, SessionOptions? options = null, LoadOptions? loadOptions = null)
        {
            if (path == null) throw new ArgumentNullException("path");
            return Options.With(loadOptions, "load", l => Options.With(options, "session", o =>
            {
                IntPtr address;
                Native.mo_session_load(path, l, o, out address);
                return new Session(address);
            }));
        }

        private static IntPtr Make(Model model, SessionOptions? options)
        {
            NativeHandle handle = Needed(model, "model");
            return Options.With(options, "session", o =>
            {
                IntPtr address;
                Native.mo_session_create(handle, o, out address);
                return address;
            });
        }

        /// <summary>Runs once. inputs names every input that has no default.</summary>
        public Tensors Run(Tensors inputs, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Control.With(null, cancellationToken, c => Run(inputs, c));
        }

        /// <summary>The same under a control of the caller's.</summary>
        public Tensors Run(Tensors inputs, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            return control.Run(c => Run(inputs, c));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task<Tensors> RunAsync(Tensors inputs, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => Run(inputs, cancellationToken), cancellationToken);
        }

        private Tensors Run(Tensors inputs, NativeHandle control)
        {
            NativeHandle input = Needed(inputs, "inputs");
            IntPtr outputs;
            input.EnterRead();
            try { Native.mo_session_run(Handle, input, control, out outputs); }
            finally { input.LeaveRead(); }
            return new Tensors(outputs);
        }

        /// <summary>Runs once and writes into the tensors that outputs holds, whose type and shape must be what the run makes; outputs that are not there
        /// are added. With all of them there it allocates nothing. After an error the content of the outputs is unspecified. Each thread needs
        /// outputs of its own.</summary>
        public void RunInto(Tensors inputs, Tensors outputs) { RunInto(inputs, outputs, NativeHandle.None); }

        /// <summary>The same under a control of the caller's.</summary>
        public void RunInto(Tensors inputs, Tensors outputs, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            control.Run(c =>
            {
                RunInto(inputs, outputs, c);
                return 0;
            });
        }

        /// <summary>The same until the token is cancelled.</summary>
        public void RunInto(Tensors inputs, Tensors outputs, CancellationToken cancellationToken)
        {
            Control.With(null, cancellationToken, c =>
            {
                RunInto(inputs, outputs, c);
                return 0;
            });
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task RunIntoAsync(Tensors inputs, Tensors outputs, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => RunInto(inputs, outputs, cancellationToken), cancellationToken);
        }

        private void RunInto(Tensors inputs, Tensors outputs, NativeHandle control)
        {
            NativeHandle input = Needed(inputs, "inputs"), output = Needed(outputs, "outputs");
            input.EnterRead();
            try
            {
                output.EnterWrite();
                try { Native.mo_session_run_into(Handle, input, control, output); }
                finally { output.LeaveWrite(); }
            }
            finally { input.LeaveRead(); }
        }

        /// <summary>Of the shapes run last: the kernel of each node, what was fused, why faster kernels declined, as JSON.</summary>
        public string ExplainJson()
        {
            IntPtr json;
            Native.mo_session_explain_json(Handle, out json);
            return TextOf(json);
        }

        /// <summary>The same as aligned text for people.</summary>
        public string Explain()
        {
            IntPtr text;
            Native.mo_session_explain_text(Handle, out text);
            return TextOf(text);
        }

        /// <summary>The same with the time of each node, over iterations >= 1 runs on inputs, as JSON.</summary>
        public string ProfileJson(Tensors inputs, int iterations)
        {
            NativeHandle input = Needed(inputs, "inputs");
            IntPtr json;
            input.EnterRead();
            try { Native.mo_session_profile_json(Handle, input, iterations, out json); }
            finally { input.LeaveRead(); }
            return TextOf(json);
        }

        /// <summary>What the session holds, in bytes, as a JSON object.</summary>
        public string MemoryJson()
        {
            IntPtr json;
            Native.mo_session_memory_json(Handle, out json);
            return TextOf(json);
        }
    }
}
