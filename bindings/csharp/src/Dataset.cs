// Samples, read batch by batch.
#nullable enable
using System;
using System.Collections.Generic;

namespace Libmo
{
    /// <summary>Samples, read batch by batch and never all in memory. Serves one thread at a time; a second call at the same time throws
    /// <see cref="ErrorCode.Busy"/>.</summary>
    public sealed class Dataset : NativeObject
    {
        private Dataset(IntPtr address) : base(address, NativeHandle.Kind.Dataset) { }

        /// <summary>Opens an .npz (arrays named like the model's inputs, first axis = samples, the truth under "label"), an .npy, a folder of .npz, .npy or
        /// ONNX .pb samples, or a data set .yaml.</summary>
        public static Dataset Open(string path, DatasetOptions? options = null)
        {
            if (path == null) throw new ArgumentNullException("path");
            return Options.With(options, "dataset", o =>
            {
                IntPtr address;
                Native.mo_dataset_open(path, o, out address);
                return new Dataset(address);
            });
        }

        /// <summary>The arrays of a collection as a data set: they share their first axis, its length is the number of samples.</summary>
        public static Dataset Create(Tensors arrays, DatasetOptions? options = null)
        {
            NativeHandle handle = Needed(arrays, "arrays");
            return Options.With(options, "dataset", o =>
            {
                IntPtr address;
                Native.mo_dataset_create(handle, o, out address);
                return new Dataset(address);
            });
        }

        /// <summary>The next batch; null at the end.</summary>
        public Batch? Next()
        {
            IntPtr inputs, label;
            Native.mo_dataset_next(Handle, out inputs, out label);
            if (inputs == IntPtr.Zero) return null;
            return new Batch(new Tensors(inputs), label == IntPtr.Zero ? null : new Tensor(label));
        }

        /// <summary>The batches from here to the end. Each is disposed when its turn ends.</summary>
        public IEnumerable<Batch> Batches()
        {
            while (true)
                using (Batch? batch = Next())
                {
                    if (batch == null) yield break;
                    yield return batch;
                }
        }

        /// <summary>Starts again with the first batch.</summary>
        public void Rewind() { Native.mo_dataset_rewind(Handle); }

        /// <summary>Samples in all; -1 when only reading tells.</summary>
        public long Count
        {
            get
            {
                long count;
                Native.mo_dataset_count(Handle, out count);
                return count;
            }
        }
    }

    /// <summary>A few samples.</summary>
    public sealed class Batch : IDisposable
    {
        internal Batch(Tensors inputs, Tensor? label)
        {
            Inputs = inputs;
            Label = label;
        }

        /// <summary>The inputs by name.</summary>
        public Tensors Inputs { get; }

        /// <summary>The truth; null when the data set has none.</summary>
        public Tensor? Label { get; }

        /// <summary>Frees both.</summary>
        public void Dispose()
        {
            Inputs.Dispose();
            if (Label != null) Label.Dispose();
        }
    }
}
