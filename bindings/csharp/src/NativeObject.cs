// What all objects of the face share: a handle, and Dispose.
#nullable enable
using System;

namespace Libmo
{
    /// <summary>An object in the library's memory. Dispose frees it, at once or when the calls that use it have returned; it may be called twice. Any
    /// other use after it throws <see cref="ObjectDisposedException"/>. An object that was forgotten is freed by the collector, some time.</summary>
    public abstract class NativeObject : IDisposable
    {
        internal NativeHandle Handle { get; }

        internal NativeObject(IntPtr address, NativeHandle.Kind kind) { Handle = new NativeHandle(address, kind); }

        /// <summary>Frees the object; a second call does nothing.</summary>
        public virtual void Dispose() { Handle.Dispose(); }

        /// <summary>Whether Dispose was called.</summary>
        public bool IsDisposed { get { return Handle.IsClosed; } }

        internal static NativeHandle Optional(NativeObject? o) { return o == null ? NativeHandle.None : o.Handle; }

        internal static NativeHandle Needed(NativeObject? o, string name)
        {
            if (o == null) throw new ArgumentNullException(name);
            return o.Handle;
        }

        internal static string TextOf(IntPtr buffer)
        {
            try { return Utf8.Decode(Native.mo_buffer_data(buffer), checked((int)Native.mo_buffer_size(buffer))); }
            finally { Native.mo_buffer_free(buffer); }
        }

        internal static byte[] BytesOf(IntPtr buffer)
        {
            try
            {
                var bytes = new byte[Native.mo_buffer_size(buffer)];
                if (bytes.Length > 0) System.Runtime.InteropServices.Marshal.Copy(Native.mo_buffer_data(buffer), bytes, 0, bytes.Length);
                return bytes;
            }
            finally { Native.mo_buffer_free(buffer); }
        }
    }
}
