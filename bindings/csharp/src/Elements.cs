// Which .NET type stands for which element type.
using System;

namespace Libmo
{
    internal static class Elements<T> where T : struct
    {
        internal static readonly ElementType Type = Find();

        /// <summary>Bytes of one element.</summary>
        internal static readonly int Size = Type == ElementType.Undefined ? 0 : Buffer.ByteLength(new T[1]);

        private static ElementType Find()
        {
            Type t = typeof(T);
            if (t == typeof(float)) return ElementType.Float32;
            if (t == typeof(double)) return ElementType.Float64;
            if (t == typeof(sbyte)) return ElementType.Int8;
            if (t == typeof(short)) return ElementType.Int16;
            if (t == typeof(int)) return ElementType.Int32;
            if (t == typeof(long)) return ElementType.Int64;
            if (t == typeof(byte)) return ElementType.UInt8;
            if (t == typeof(ushort)) return ElementType.UInt16;
            if (t == typeof(uint)) return ElementType.UInt32;
            if (t == typeof(ulong)) return ElementType.UInt64;
            if (t == typeof(bool)) return ElementType.Bool;
            return ElementType.Undefined;
        }

        internal static ElementType Needed()
        {
            if (Type == ElementType.Undefined)
                throw new MoException(ErrorCode.Type, typeof(T).Name + " stands for no element type; CreateRaw and ToRaw take every type as bytes");
            return Type;
        }
    }
}
