// Progress, cancellation and deadline of long work.
#nullable enable
using System;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace Libmo
{
    /// <summary>How far the work is.</summary>
    public readonly struct WorkProgress
    {
        internal WorkProgress(string stage, long done, long total)
        {
            Stage = stage;
            Done = done;
            Total = total;
        }

        /// <summary>What is being done, "calibrate".</summary>
        public string Stage { get; }

        /// <summary>Units done.</summary>
        public long Done { get; }

        /// <summary>Units in all; 0: unknown.</summary>
        public long Total { get; }
    }

    /// <summary>Watches long work: tells its progress, cancels it from any thread, sets it a deadline. May serve several calls, one after the other or at
    /// once. What <c>IProgress.Report</c> throws stops the work and is thrown by the call.</summary>
    public sealed class Control : NativeObject
    {
        private static readonly NativeProgress Callback = Hear; // one for all, never collected
        private static readonly ConcurrentDictionary<long, WeakReference<Control>> Watching = new ConcurrentDictionary<long, WeakReference<Control>>();
        private static long last;

        private readonly IProgress<WorkProgress>? progress;
        private readonly CancellationToken token;
        private readonly CancellationTokenRegistration registration;
        private ExceptionDispatchInfo? thrown;

        /// <summary>Watches work on behalf of a listener and a token, which both may be missing.</summary>
        public Control(IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default(CancellationToken))
            : this(Interlocked.Increment(ref last), progress, cancellationToken) { }

        private Control(long number, IProgress<WorkProgress>? progress, CancellationToken token)
            : base(Make(number, progress), NativeHandle.Kind.Control)
        {
            this.progress = progress;
            this.token = token;
            if (progress != null)
            {
                Watching[number] = new WeakReference<Control>(this);
                Handle.AtRelease = () => { WeakReference<Control> gone; Watching.TryRemove(number, out gone); };
            }
            if (token.CanBeCanceled)
            {
                NativeHandle handle = Handle;
                registration = token.Register(() =>
                {
                    try { Native.mo_control_cancel(handle); }
                    catch (ObjectDisposedException) { /* the work is over */ }
                });
            }
        }

        private static IntPtr Make(long number, IProgress<WorkProgress>? progress)
        {
            NativeLoader.Check();
            IntPtr address;
            Native.mo_control_create(progress == null ? null : Callback, new IntPtr(number), out address);
            return address;
        }

        /// <summary>Makes the calls that use this control stop soon with <see cref="OperationCanceledException"/>, now and in future.</summary>
        public void Cancel() { Native.mo_control_cancel(Handle); }

        /// <summary>Makes them throw <see cref="ErrorCode.Deadline"/> once this time from now has passed; zero or less removes the deadline.</summary>
        public void SetDeadline(TimeSpan time) { Native.mo_control_set_deadline(Handle, time.TotalSeconds); }

        /// <summary>Ends the watch: the token is no longer listened to.</summary>
        public override void Dispose()
        {
            registration.Dispose(); // waits for a cancellation in progress
            base.Dispose();
        }

        /// <summary>Runs a native call under this control and turns its end into what .NET expects.</summary>
        internal T Run<T>(Func<NativeHandle, T> call)
        {
            if (token.IsCancellationRequested) throw new OperationCanceledException(token);
            try { return call(Handle); }
            catch (MoException e) when (e.Code == ErrorCode.Cancelled)
            {
                ExceptionDispatchInfo? info = Interlocked.Exchange(ref thrown, null);
                if (info != null) info.Throw();
                throw new OperationCanceledException(e.Message, e, token);
            }
            finally { GC.KeepAlive(this); }
        }

        private static int Hear(IntPtr user, IntPtr stage, long done, long total)
        {
            Control? control = null;
            try
            {
                WeakReference<Control> entry;
                if (!Watching.TryGetValue(user.ToInt64(), out entry) || !entry.TryGetTarget(out control)) return 1;
                control.progress!.Report(new WorkProgress(Utf8.Decode(stage) ?? "", done, total));
                return 0;
            }
            catch (Exception e)
            {
                if (control != null) control.thrown = ExceptionDispatchInfo.Capture(e);
                return 1;
            }
        }

        /// <summary>Runs a call with a control of its own, or with none when nobody watches.</summary>
        internal static T With<T>(IProgress<WorkProgress>? progress, CancellationToken token, Func<NativeHandle, T> call)
        {
            if (progress == null && !token.CanBeCanceled) return call(NativeHandle.None);
            var control = new Control(progress, token);
            try { return control.Run(call); }
            finally { control.Dispose(); }
        }
    }
}
