// Tensors by name.
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;

namespace Libmo
{
    /// <summary>Tensors by name, in the order in which they were put in. May be read by many threads or changed by one; a call that comes in between
    /// throws <see cref="ErrorCode.Busy"/>.</summary>
    public sealed partial class Tensors : NativeObject, IEnumerable<KeyValuePair<string, Tensor>>
    {
        /// <summary>An empty collection.</summary>
        public Tensors() : base(Make(), NativeHandle.Kind.Tensors) { }

        internal Tensors(IntPtr address) : base(address, NativeHandle.Kind.Tensors) { }

        private static IntPtr Make()
        {
            NativeLoader.Check();
            IntPtr address;
            Native.mo_tensors_create(out address);
            return address;
        }

        /// <summary>Reads an .npz file (NumPy): one array per name. maxBytes limits one array, 0: 8 GiB.</summary>
        public static Tensors Load(string path, long maxBytes = 0)
        {
            if (path == null) throw new ArgumentNullException("path");
            NativeLoader.Check();
            IntPtr address;
            Native.mo_tensors_load(path, maxBytes, out address);
            return new Tensors(address);
        }

        /// <summary>Writes an .npz file; it is whole or as it was before.</summary>
        public void Save(string path)
        {
            if (path == null) throw new ArgumentNullException("path");
            Handle.EnterRead();
            try { Native.mo_tensors_save(Handle, path); }
            finally { Handle.LeaveRead(); }
        }

        /// <summary>Puts the tensor (not a copy of it) under a name, in place of one that had it. The tensor is still the caller's to dispose.</summary>
        public void Set(string name, Tensor tensor)
        {
            if (name == null) throw new ArgumentNullException("name");
            NativeHandle other = Needed(tensor, "tensor");
            Handle.EnterWrite();
            try { Native.mo_tensors_set(Handle, name, other); }
            finally { Handle.LeaveWrite(); }
        }

        /// <summary>Makes a tensor of data and puts it under a name; for collection initialisers too.</summary>
        public void Add<T>(string name, T[] data, params long[] shape) where T : struct
        {
            using (Tensor tensor = Tensor.Create(data, shape)) Set(name, tensor);
        }

        /// <summary>The tensor of that name; the caller disposes it, the collection keeps the content.</summary>
        public Tensor this[string name]
        {
            get
            {
                if (name == null) throw new ArgumentNullException("name");
                IntPtr address;
                Handle.EnterRead();
                try { Native.mo_tensors_get(Handle, name, out address); }
                finally { Handle.LeaveRead(); }
                return new Tensor(address);
            }
        }

        /// <summary>Copies the content of the tensor of that name.</summary>
        public T[] Get<T>(string name) where T : struct
        {
            using (Tensor tensor = this[name]) return tensor.ToArray<T>();
        }

        /// <summary>The number of tensors.</summary>
        public int Count { get { return checked((int)Native.mo_tensors_count(Handle)); } }

        /// <summary>The names, in order.</summary>
        public IReadOnlyList<string> Names
        {
            get
            {
                Handle.EnterRead();
                try
                {
                    return Handle.Hold(address =>
                    {
                        var names = new string[Native.mo_tensors_count(Handle)];
                        for (int i = 0; i < names.Length; ++i) names[i] = Native.mo_tensors_name(Handle, i);
                        return names;
                    });
                }
                finally { Handle.LeaveRead(); }
            }
        }

        /// <summary>Goes through the collection in order. Each tensor is disposed when its turn ends.</summary>
        public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator()
        {
            foreach (string name in Names)
                using (Tensor tensor = this[name]) yield return new KeyValuePair<string, Tensor>(name, tensor);
        }

        IEnumerator IEnumerable.GetEnumerator() { return GetEnumerator(); }
    }
}
