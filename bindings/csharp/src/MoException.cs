// What every failing call throws.
#nullable enable
using System;

namespace Libmo
{
    /// <summary>Why a call failed: a code, a message and, where it concerns one, the model's node and its operator.</summary>
    public sealed class MoException : Exception
    {
        /// <summary>An error that concerns no node.</summary>
        public MoException(ErrorCode code, string message, Exception? inner = null) : this(code, message, "", "", inner) { }

        internal MoException(ErrorCode code, string message, string node, string op, Exception? inner) : base(message, inner)
        {
            Code = code;
            Node = node;
            Operator = op;
        }

        /// <summary>What kind of error it is.</summary>
        public ErrorCode Code { get; }

        /// <summary>The model's node that the error concerns, or "".</summary>
        public string Node { get; }

        /// <summary>The operator of that node ("Conv"), or "".</summary>
        public string Operator { get; }

        /// <summary>The code as the C interface calls it, "MO_ERR_SHAPE".</summary>
        public string CodeName
        {
            get
            {
                NativeLoader.Load();
                return Native.mo_error_name((int)Code);
            }
        }

        /// <summary>Throws what the library returned, and frees it.</summary>
        internal static void Check(IntPtr error)
        {
            if (error != IntPtr.Zero) throw From(error);
        }

        private static MoException From(IntPtr error)
        {
            try
            {
                return new MoException((ErrorCode)Native.mo_error_code(error), Native.mo_error_message(error), Native.mo_error_node(error),
                    Native.mo_error_op(error), null);
            }
            finally { Native.mo_error_drop(error); }
        }
    }
}
