// A typed, shaped array.
#nullable enable
using System;
using System.Collections.Generic;
using System.Text;

namespace Libmo
{
    /// <summary>A typed, shaped array in the library's memory, outermost dimension first. Data is copied in and out; Access works in place. May be read by
    /// many threads or changed by one; a call that comes in between throws <see cref="ErrorCode.Busy"/>.</summary>
    public sealed unsafe partial class Tensor : NativeObject
    {
        internal Tensor(IntPtr address) : base(address, NativeHandle.Kind.Tensor) { }

        /// <summary>A tensor with a copy of data. No size at all makes a scalar.</summary>
        public static Tensor Create<T>(T[] data, params long[] shape) where T : struct
        {
            if (data == null) throw new ArgumentNullException("data");
            ElementType type = Elements<T>.Needed();
            var pin = new Pin<T>(data, true);
            try { return Make(type, shape, pin.Data, data.Length, Elements<T>.Size); }
            finally { pin.Release(false); }
        }

        /// <summary>A tensor of any type, with a copy of its content as it lies in memory.</summary>
        public static Tensor CreateRaw(ElementType type, byte[] data, params long[] shape)
        {
            if (data == null) throw new ArgumentNullException("data");
            fixed (byte* p = data) return Make(type, shape, p, data.Length, 1);
        }

        /// <summary>A tensor of zeros (of empty texts).</summary>
        public static Tensor Zeros(ElementType type, params long[] shape)
        {
            if (shape == null) throw new ArgumentNullException("shape");
            NativeLoader.Check();
            IntPtr address;
            Native.mo_tensor_create((int)type, shape, shape.Length, IntPtr.Zero, 0, out address);
            return new Tensor(address);
        }

        /// <summary>A tensor of texts.</summary>
        public static Tensor FromStrings(IReadOnlyList<string> texts, params long[] shape)
        {
            if (texts == null) throw new ArgumentNullException("texts");
            return CreateRaw(ElementType.String, Pack(texts), shape);
        }

        private static Tensor Make(ElementType type, long[] shape, void* data, long count, long size)
        {
            if (shape == null) throw new ArgumentNullException("shape");
            NativeLoader.Check();
            byte nothing = 0;
            bool empty = false;
            foreach (long n in shape) empty |= n == 0;
            if (count == 0 && !empty) throw new MoException(ErrorCode.Shape, "no data for a tensor that is not empty");
            IntPtr address;
            Native.mo_tensor_create((int)type, shape, shape.Length, new IntPtr(count == 0 ? &nothing : data), count * size, out address);
            return new Tensor(address);
        }

        private static byte[] Pack(IReadOnlyList<string> texts)
        {
            var packed = new List<byte>();
            foreach (string text in texts) packed.AddRange(Utf8.Encode(text ?? throw new ArgumentNullException("texts"))!);
            return packed.ToArray();
        }

        /// <summary>The type of the elements.</summary>
        public ElementType Type { get { return (ElementType)Native.mo_tensor_dtype(Handle); } }

        /// <summary>The sizes; empty for a scalar.</summary>
        public long[] Shape
        {
            get
            {
                var shape = new long[Native.mo_tensor_rank(Handle)];
                for (int i = 0; i < shape.Length; ++i) shape[i] = Native.mo_tensor_dim(Handle, i);
                return shape;
            }
        }

        /// <summary>The number of elements.</summary>
        public long Count
        {
            get
            {
                long count = 1;
                foreach (long n in Shape) count *= n;
                return count;
            }
        }

        /// <summary>The content's size in bytes.</summary>
        public long ByteCount { get { return Native.mo_tensor_bytes(Handle); } }

        /// <summary>Copies the content.</summary>
        public T[] ToArray<T>() where T : struct
        {
            var data = new T[Count];
            Read(data);
            return data;
        }

        /// <summary>Copies the content into an array of as many elements. It allocates nothing.</summary>
        public void Read<T>(T[] destination) where T : struct
        {
            if (destination == null) throw new ArgumentNullException("destination");
            ElementType type = Elements<T>.Needed();
            var pin = new Pin<T>(destination, false);
            try { ReadTo(type, pin.Data, (long)destination.Length * Elements<T>.Size); }
            finally { pin.Release(true); }
        }

        /// <summary>Replaces the content; every handle on the same tensor sees it. It allocates nothing.</summary>
        public void Write<T>(T[] source) where T : struct
        {
            if (source == null) throw new ArgumentNullException("source");
            ElementType type = Elements<T>.Needed();
            var pin = new Pin<T>(source, true);
            try { WriteFrom(type, pin.Data, (long)source.Length * Elements<T>.Size); }
            finally { pin.Release(false); }
        }

        /// <summary>Copies the content as it lies in memory.</summary>
        public byte[] ToRaw()
        {
            var data = new byte[ByteCount];
            fixed (byte* p = data) ReadTo(ElementType.Undefined, p, data.Length);
            return data;
        }

        /// <summary>Replaces the content, as it lies in memory.</summary>
        public void WriteRaw(byte[] source)
        {
            if (source == null) throw new ArgumentNullException("source");
            fixed (byte* p = source) WriteFrom(ElementType.Undefined, p, source.Length);
        }

        /// <summary>Copies the elements of a tensor of texts.</summary>
        public string[] ToStrings()
        {
            Holds(ElementType.String);
            byte[] packed = ToRaw();
            if (packed.Length == 0) return new string[0];
            return Encoding.UTF8.GetString(packed, 0, packed.Length - 1).Split('\0');
        }

        /// <summary>Replaces the content of a tensor of texts.</summary>
        public void WriteStrings(IReadOnlyList<string> texts)
        {
            if (texts == null) throw new ArgumentNullException("texts");
            WriteRaw(Pack(texts));
        }

        /// <summary>What it is, "Float32[2, 3]".</summary>
        public override string ToString() { return IsDisposed ? "disposed tensor" : Type + "[" + string.Join(", ", Shape) + "]"; }

        private void Holds(ElementType wanted)
        {
            ElementType got = Type;
            if (got != wanted) throw new MoException(ErrorCode.Type, "tensor holds " + got + ", not " + wanted);
        }

        private void ReadTo(ElementType type, void* data, long bytes)
        {
            if (type != ElementType.Undefined) Holds(type);
            byte nothing;
            Handle.EnterRead();
            try { Native.mo_tensor_read(Handle, new IntPtr(bytes == 0 ? &nothing : data), bytes); }
            finally { Handle.LeaveRead(); }
        }

        private void WriteFrom(ElementType type, void* data, long bytes)
        {
            if (type != ElementType.Undefined) Holds(type);
            byte nothing = 0;
            Handle.EnterWrite();
            try { Native.mo_tensor_write(Handle, new IntPtr(bytes == 0 ? &nothing : data), bytes); }
            finally { Handle.LeaveWrite(); }
        }
    }
}
