// What takes spans and memory: of Tensor, Tensors and Model; left out of the build for .NET Framework, whose spans live in a package.
#if !LIBMO_NO_SPAN
#nullable enable
using System;
using System.Runtime.InteropServices;

namespace Libmo
{
    /// <summary>What <see cref="Tensor.Access{T}"/> lends a tensor's content to.</summary>
    public delegate void TensorAction<T>(Span<T> data);

    public sealed unsafe partial class Tensor
    {
        /// <summary>A tensor with a copy of data. No size at all makes a scalar.</summary>
        public static Tensor Create<T>(ReadOnlySpan<T> data, params long[] shape) where T : struct
        {
            ElementType type = Elements<T>.Needed();
            fixed (byte* p = &MemoryMarshal.GetReference(MemoryMarshal.AsBytes(data))) return Make(type, shape, p, data.Length, Elements<T>.Size);
        }

        /// <summary>A tensor with a copy of data. No size at all makes a scalar.</summary>
        public static Tensor Create<T>(Memory<T> data, params long[] shape) where T : struct { return Create((ReadOnlySpan<T>)data.Span, shape); }

        /// <summary>A tensor with a copy of data. No size at all makes a scalar.</summary>
        public static Tensor Create<T>(ReadOnlyMemory<T> data, params long[] shape) where T : struct { return Create(data.Span, shape); }

        /// <summary>Copies the content into a span of as many elements. It allocates nothing.</summary>
        public void Read<T>(Span<T> destination) where T : struct
        {
            ElementType type = Elements<T>.Needed();
            fixed (byte* p = &MemoryMarshal.GetReference(MemoryMarshal.AsBytes(destination))) ReadTo(type, p, (long)destination.Length * Elements<T>.Size);
        }

        /// <summary>Copies the content into memory of as many elements.</summary>
        public void Read<T>(Memory<T> destination) where T : struct { Read(destination.Span); }

        /// <summary>Replaces the content; every handle on the same tensor sees it. It allocates nothing.</summary>
        public void Write<T>(ReadOnlySpan<T> source) where T : struct
        {
            ElementType type = Elements<T>.Needed();
            fixed (byte* p = &MemoryMarshal.GetReference(MemoryMarshal.AsBytes(source))) WriteFrom(type, p, (long)source.Length * Elements<T>.Size);
        }

        /// <summary>Replaces the content.</summary>
        public void Write<T>(ReadOnlyMemory<T> source) where T : struct { Write(source.Span); }

        /// <summary>Lends the content, without a copy. The span is the library's memory: it is valid until the action returns, also when the tensor is
        /// disposed meanwhile.</summary>
        public void Access<T>(TensorAction<T> action) where T : struct
        {
            if (action == null) throw new ArgumentNullException("action");
            Holds(Elements<T>.Needed());
            Handle.EnterWrite();
            try
            {
                Handle.Hold(address =>
                {
                    action(new Span<T>((void*)Native.mo_tensor_data(Handle), checked((int)(ByteCount / Elements<T>.Size))));
                    return 0;
                });
            }
            finally { Handle.LeaveWrite(); }
        }
    }

    public sealed partial class Tensors
    {
        /// <summary>Makes a tensor of data and puts it under a name.</summary>
        public void Add<T>(string name, ReadOnlySpan<T> data, params long[] shape) where T : struct
        {
            using (Tensor tensor = Tensor.Create(data, shape)) Set(name, tensor);
        }
    }

    public sealed unsafe partial class Model
    {
        /// <summary>Reads a model from memory, without a copy of it in between; external data is refused.</summary>
        public static Model Load(ReadOnlySpan<byte> data, LoadOptions? options = null)
        {
            if (data.IsEmpty) throw new MoException(ErrorCode.Format, "the model is empty");
            fixed (byte* p = &MemoryMarshal.GetReference(data))
            {
                var start = new IntPtr(p);
                int size = data.Length;
                return Options.With(options, "load", o =>
                {
                    IntPtr address;
                    Native.mo_model_load_bytes(start, size, null, o, out address);
                    return new Model(address);
                });
            }
        }
    }
}
#endif
