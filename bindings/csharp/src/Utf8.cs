// Text across the boundary: UTF-8 that ends with NUL.
#nullable enable
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Libmo
{
    internal static unsafe class Utf8
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        internal static byte[]? Encode(string? text)
        {
            if (text == null) return null;
            if (text.IndexOf('\0') >= 0) throw new MoException(ErrorCode.InvalidArgument, "a text holds a NUL character");
            byte[] bytes;
            try
            {
                bytes = new byte[Strict.GetByteCount(text) + 1];
                Strict.GetBytes(text, 0, text.Length, bytes, 0);
            }
            catch (EncoderFallbackException e) { throw new MoException(ErrorCode.InvalidArgument, "a text holds half of a surrogate pair", e); }
            return bytes;
        }

        internal static string? Decode(IntPtr text)
        {
            if (text == IntPtr.Zero) return null;
            int size = 0;
            while (((byte*)text)[size] != 0) ++size;
            return Decode(text, size);
        }

        internal static string Decode(IntPtr text, int size)
        {
            if (size == 0) return "";
            return Encoding.UTF8.GetString((byte*)text, size);
        }
    }
}
