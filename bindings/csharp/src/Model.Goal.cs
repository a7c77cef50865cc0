// The searches: precision per node under limits, and how sensitive each node is.
#nullable enable
using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace Libmo
{
    /// <summary>Judges a model: how good it is, in a unit of the caller's. The model is valid until the function returns. What it throws ends the search
    /// and is thrown by it.</summary>
    public delegate double Metric(Model model);

    public sealed unsafe partial class Model
    {
        /// <summary>Quantize with a choice of precision for each node that keeps limits on a metric, on size and on latency, and leaves in float what is
        /// not faster in integers on this machine. The metric is the given one or, when that is null, the one that the goal names, on the data set, which
        /// may be null when no metric is limited or one is given. The report's Passed says whether the limits were kept.</summary>
        public QuantizeResult QuantizeToGoal(Calibration? calibration, GoalOptions? goal, Dataset? dataset = null, Metric? metric = null,
            QuantizeOptions? quantize = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Search(metric, judge => Control.With(progress, cancellationToken, c => Options.With(quantize, "quantize", q => Options.With(goal, "goal", o =>
            {
                IntPtr model, report;
                Native.mo_quantize_to_goal(Handle, Optional(calibration), Optional(dataset), judge, IntPtr.Zero, q, o, c, out model, out report);
                return new QuantizeResult(new Model(model), new Report(report));
            }))));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task<QuantizeResult> QuantizeToGoalAsync(Calibration? calibration, GoalOptions? goal, Dataset? dataset = null, Metric? metric = null,
            QuantizeOptions? quantize = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => QuantizeToGoal(calibration, goal, dataset, metric, quantize, progress, cancellationToken), cancellationToken);
        }

        /// <summary>What quantizing each node (or block) alone does to the outputs, the most harmful first. The arguments are those of QuantizeToGoal.</summary>
        public Report Sensitivity(Calibration? calibration, SensitivityOptions? options = null, Dataset? dataset = null, Metric? metric = null,
            QuantizeOptions? quantize = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Search(metric, judge => Control.With(progress, cancellationToken, c => Options.With(quantize, "quantize", q => Options.With(options, "sensitivity", o =>
            {
                IntPtr report;
                Native.mo_sensitivity(Handle, Optional(calibration), Optional(dataset), judge, IntPtr.Zero, q, o, c, out report);
                return new Report(report);
            }))));
        }

        /// <summary>The same on a thread of the pool.</summary>
        public Task<Report> SensitivityAsync(Calibration? calibration, SensitivityOptions? options = null, Dataset? dataset = null, Metric? metric = null,
            QuantizeOptions? quantize = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Task.Run(() => Sensitivity(calibration, options, dataset, metric, quantize, progress, cancellationToken), cancellationToken);
        }

        private static T Search<T>(Metric? metric, Func<NativeMetric?, T> call)
        {
            if (metric == null) return call(null);
            ExceptionDispatchInfo? thrown = null;
            NativeMetric judge = delegate(IntPtr user, IntPtr address, out double value)
            {
                value = 0;
                try
                {
                    using (var model = new Model(address, NativeHandle.Kind.BorrowedModel)) value = metric(model);
                    return 0;
                }
                catch (Exception e)
                {
                    thrown = ExceptionDispatchInfo.Capture(e);
                    return 1;
                }
            };
            try { return call(judge); }
            catch (MoException e) when (e.Code == ErrorCode.Callback && thrown != null)
            {
                thrown.Throw();
                throw;
            }
            finally { GC.KeepAlive(judge); }
        }
    }
}
