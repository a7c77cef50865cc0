// The numbers of mo_code, mo_dtype and mo_log_level as enumerations.
namespace Libmo
{
    /// <summary>What kind of error a <see cref="MoException"/> is. The numbers never change.</summary>
    public enum ErrorCode
    {
        /// <summary>No error.</summary>
        Ok = 0,
        /// <summary>An argument of the call is wrong.</summary>
        InvalidArgument = 1,
        /// <summary>A name, file or key does not exist.</summary>
        NotFound = 2,
        /// <summary>The operating system refused: read, write, full disk.</summary>
        IO = 3,
        /// <summary>A file or text is malformed.</summary>
        Format = 4,
        /// <summary>Legal, but libmo does not do it.</summary>
        Unsupported = 5,
        /// <summary>Shapes do not fit together.</summary>
        Shape = 6,
        /// <summary>Element types do not fit together.</summary>
        Type = 7,
        /// <summary>A limit was exceeded; options can raise it.</summary>
        Limit = 8,
        /// <summary>No memory left.</summary>
        OutOfMemory = 9,
        /// <summary>The work was cancelled.</summary>
        Cancelled = 10,
        /// <summary>The deadline of a <see cref="Control"/> passed.</summary>
        Deadline = 11,
        /// <summary>A second call at the same time on an object that serves one.</summary>
        Busy = 12,
        /// <summary>Accelerator or its driver.</summary>
        Device = 13,
        /// <summary>A callback of the caller reported an error.</summary>
        Callback = 14,
        /// <summary>A gate was not met.</summary>
        Threshold = 15,
        /// <summary>A defect of libmo: please report it.</summary>
        Internal = 16,
    }

    /// <summary>Types of a tensor's elements, numbered as in ONNX.</summary>
    public enum ElementType
    {
        /// <summary>Left open.</summary>
        Undefined = 0,
        /// <summary>float</summary>
        Float32 = 1,
        /// <summary>byte</summary>
        UInt8 = 2,
        /// <summary>sbyte</summary>
        Int8 = 3,
        /// <summary>ushort</summary>
        UInt16 = 4,
        /// <summary>short</summary>
        Int16 = 5,
        /// <summary>int</summary>
        Int32 = 6,
        /// <summary>long</summary>
        Int64 = 7,
        /// <summary>Texts, UTF-8.</summary>
        String = 8,
        /// <summary>bool, one byte</summary>
        Bool = 9,
        /// <summary>IEEE half precision, two bytes.</summary>
        Float16 = 10,
        /// <summary>double</summary>
        Float64 = 11,
        /// <summary>uint</summary>
        UInt32 = 12,
        /// <summary>ulong</summary>
        UInt64 = 13,
        /// <summary>Two floats.</summary>
        Complex64 = 14,
        /// <summary>Two doubles.</summary>
        Complex128 = 15,
        /// <summary>The upper half of a float, two bytes.</summary>
        BFloat16 = 16,
        /// <summary>8-bit float.</summary>
        Float8E4M3FN = 17,
        /// <summary>8-bit float.</summary>
        Float8E4M3FNUZ = 18,
        /// <summary>8-bit float.</summary>
        Float8E5M2 = 19,
        /// <summary>8-bit float.</summary>
        Float8E5M2FNUZ = 20,
        /// <summary>Two in a byte, the first in the low bits.</summary>
        UInt4 = 21,
        /// <summary>Two in a byte, the first in the low bits.</summary>
        Int4 = 22,
        /// <summary>Two in a byte, the first in the low bits.</summary>
        Float4E2M1 = 23,
        /// <summary>8-bit power of two.</summary>
        Float8E8M0 = 24,
        /// <summary>Four in a byte, the first in the low bits.</summary>
        UInt2 = 25,
        /// <summary>Four in a byte, the first in the low bits.</summary>
        Int2 = 26,
        /// <summary>6-bit float.</summary>
        Float6E2M3 = 27,
        /// <summary>6-bit float.</summary>
        Float6E3M2 = 28,
    }

    /// <summary>How much <see cref="Library.SetLog"/> reports.</summary>
    public enum LogLevel
    {
        /// <summary>Nothing.</summary>
        Off = 0,
        /// <summary>Errors.</summary>
        Error = 1,
        /// <summary>And warnings.</summary>
        Warning = 2,
        /// <summary>And what is done.</summary>
        Info = 3,
        /// <summary>And details for developers.</summary>
        Debug = 4,
    }
}
