// Keeps an array of elements in its place during one native call; allocates nothing, except for bool[].
#nullable enable
using System;
using System.Runtime.InteropServices;

namespace Libmo
{
    internal unsafe struct Pin<T> where T : struct
    {
        private readonly T[] array;
        private readonly byte[]? bytes; // bool[] cannot be pinned on every runtime
        private GCHandle handle;

        internal Pin(T[] array, bool read)
        {
            this.array = array;
            bytes = typeof(T) == typeof(bool) ? new byte[array.Length] : null;
            if (bytes != null && read) Buffer.BlockCopy(array, 0, bytes, 0, bytes.Length);
            handle = GCHandle.Alloc((object?)bytes ?? array, GCHandleType.Pinned);
        }

        internal void* Data { get { return (void*)handle.AddrOfPinnedObject(); } }

        internal void Release(bool written)
        {
            handle.Free();
            if (bytes != null && written) Buffer.BlockCopy(bytes, 0, array, 0, bytes.Length);
        }
    }
}
