// The owner of one native object. SafeHandle counts the calls that use it, so Dispose never frees under a running call.
#nullable enable
using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Libmo
{
    internal sealed class NativeHandle : SafeHandle
    {
        /// <summary>Stands for NULL.</summary>
        internal static readonly NativeHandle None = new NativeHandle(IntPtr.Zero, Kind.None);

        internal enum Kind { None, Control, Options, Tensor, Tensors, Model, Dataset, Session, Calibration, Report, BorrowedModel }

        private readonly Kind kind;
        private int users; // readers, or -1: one who changes the object

        internal NativeHandle(IntPtr address, Kind kind) : base(IntPtr.Zero, kind != Kind.None)
        {
            this.kind = kind;
            SetHandle(address);
            if (kind != Kind.None) Interlocked.Increment(ref live);
        }

        private static int live;

        /// <summary>Objects that are not freed yet; for tests.</summary>
        internal static int Live { get { return Volatile.Read(ref live); } }

        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }

        internal IntPtr Address { get { return handle; } }

        /// <summary>Runs once the object is freed; must not throw.</summary>
        internal Action? AtRelease;

        protected override bool ReleaseHandle()
        {
            Interlocked.Decrement(ref live);
            Action? after = AtRelease;
            switch (kind)
            {
                case Kind.Control: FreeControl(handle); break;
                case Kind.Options: FreeOptions(handle); break;
                case Kind.Tensor: FreeTensor(handle); break;
                case Kind.Tensors: FreeTensors(handle); break;
                case Kind.Model: FreeModel(handle); break;
                case Kind.Dataset: FreeDataset(handle); break;
                case Kind.Session: FreeSession(handle); break;
                case Kind.Calibration: FreeCalibration(handle); break;
                case Kind.Report: FreeReport(handle); break;
            }
            if (after != null) after();
            return true;
        }

        /// <summary>Runs f while the object cannot be freed, for what borrows from it.</summary>
        internal T Hold<T>(Func<IntPtr, T> f)
        {
            bool held = false;
            try
            {
                DangerousAddRef(ref held);
                return f(handle);
            }
            finally { if (held) DangerousRelease(); }
        }

        /// <summary>Marks the object as read; pairs with LeaveRead.</summary>
        internal void EnterRead()
        {
            while (true)
            {
                int now = Volatile.Read(ref users);
                if (now < 0) throw Busy();
                if (Interlocked.CompareExchange(ref users, now + 1, now) == now) return;
            }
        }

        internal void LeaveRead() { Interlocked.Decrement(ref users); }

        /// <summary>Marks the object as changed; pairs with LeaveWrite.</summary>
        internal void EnterWrite()
        {
            if (Interlocked.CompareExchange(ref users, -1, 0) != 0) throw Busy();
        }

        internal void LeaveWrite() { Volatile.Write(ref users, 0); }

        private MoException Busy() { return new MoException(ErrorCode.Busy, "the " + kind.ToString().ToLowerInvariant() + " is in use by another call"); }

        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_control_free")] private static extern void FreeControl(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_options_free")] private static extern void FreeOptions(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_tensor_free")] private static extern void FreeTensor(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_tensors_free")] private static extern void FreeTensors(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_model_free")] private static extern void FreeModel(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_dataset_free")] private static extern void FreeDataset(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_session_free")] private static extern void FreeSession(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_calibration_free")] private static extern void FreeCalibration(IntPtr p);
        [DllImport("mo_csharp", EntryPoint = "CSharp_Libmo_mo_report_free")] private static extern void FreeReport(IntPtr p);
    }
}
