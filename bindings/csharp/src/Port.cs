// An input or output that a model declares.
#nullable enable
using System;
using System.Collections.Generic;

namespace Libmo
{
    /// <summary>An input or output that a model declares.</summary>
    public sealed class Port
    {
        internal Port(IntPtr port)
        {
            Name = Native.mo_port_name(port);
            Type = (ElementType)Native.mo_port_dtype(port);
            IsOptional = Native.mo_port_optional(port) != 0;
            long rank = Native.mo_port_rank(port);
            if (rank < 0) return;
            var shape = new long[rank];
            for (int i = 0; i < shape.Length; ++i) shape[i] = Native.mo_port_dim(port, i);
            Shape = shape;
        }

        /// <summary>Its name.</summary>
        public string Name { get; }

        /// <summary>The type of its elements; Undefined when the model leaves it open.</summary>
        public ElementType Type { get; }

        /// <summary>The sizes, -1 where the caller chooses; null when the model leaves the rank open.</summary>
        public IReadOnlyList<long>? Shape { get; }

        /// <summary>Whether it is an input that has a default.</summary>
        public bool IsOptional { get; }

        /// <summary>"image Float32[-1, 3, 224, 224]"</summary>
        public override string ToString() { return Name + " " + Type + (Shape == null ? "" : "[" + string.Join(", ", Shape) + "]"); }
    }
}
