// Statistics of a model's activations.
#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Libmo
{
    /// <summary>Statistics of a model's activations. It is fed batch by batch and takes the same memory however many there are. Serves one thread at a
    /// time; a second call at the same time throws <see cref="ErrorCode.Busy"/>.</summary>
    public sealed class Calibration : NativeObject
    {
        /// <summary>Empty statistics of a model.</summary>
        public Calibration(Model model, CalibrationOptions? options = null) : base(Make(model, options), NativeHandle.Kind.Calibration) { }

        private Calibration(IntPtr address) : base(address, NativeHandle.Kind.Calibration) { }

        private static IntPtr Make(Model model, CalibrationOptions? options)
        {
            NativeHandle handle = Needed(model, "model");
            return Options.With(options, "calibration", o =>
            {
                IntPtr address;
                Native.mo_calibration_create(handle, o, out address);
                return address;
            });
        }

        /// <summary>Reads statistics from a file and checks that they belong to the model.</summary>
        public static Calibration Load(string path, Model model)
        {
            if (path == null) throw new ArgumentNullException("path");
            IntPtr address;
            Native.mo_calibration_load(path, Needed(model, "model"), out address);
            return new Calibration(address);
        }

        /// <summary>Runs the model on one batch of inputs and takes note of its activations; NaN and infinities are counted and left out.</summary>
        public void Feed(Tensors inputs, CancellationToken cancellationToken = default(CancellationToken))
        {
            Control.With(null, cancellationToken, c => Feed(inputs, c));
        }

        /// <summary>The same under a control of the caller's.</summary>
        public void Feed(Tensors inputs, Control control)
        {
            if (control == null) throw new ArgumentNullException("control");
            control.Run(c => Feed(inputs, c));
        }

        /// <summary>Feeds every batch of a sequence, and disposes each.</summary>
        public void FeedAll(IEnumerable<Tensors> batches, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (batches == null) throw new ArgumentNullException("batches");
            foreach (Tensors batch in batches)
                using (batch) Feed(batch, cancellationToken);
        }

        /// <summary>The same on a thread of the pool, where the sequence is gone through, too.</summary>
        public Task FeedAllAsync(IEnumerable<Tensors> batches, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => FeedAll(batches, cancellationToken), cancellationToken);
        }

        private int Feed(Tensors inputs, NativeHandle control)
        {
            NativeHandle input = Needed(inputs, "inputs");
            input.EnterRead();
            try { Native.mo_calibration_feed(Handle, input, control); }
            finally { input.LeaveRead(); }
            return 0;
        }

        /// <summary>Samples fed so far, merged ones included.</summary>
        public long Count { get { return Native.mo_calibration_count(Handle); } }

        /// <summary>Adds the statistics of another, made from the same model with the same options, as if its batches had been fed here.</summary>
        public void Merge(Calibration other) { Native.mo_calibration_merge(Handle, Needed(other, "other")); }

        /// <summary>Writes the statistics into a file, which is whole or as it was before.</summary>
        public void Save(string path)
        {
            if (path == null) throw new ArgumentNullException("path");
            Native.mo_calibration_save(Handle, path);
        }
    }
}
