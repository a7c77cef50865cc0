// What an operation did and measured.
#nullable enable
using System;

namespace Libmo
{
    /// <summary>What an operation did and measured.</summary>
    public sealed class Report : NativeObject
    {
        internal Report(IntPtr address) : base(address, NativeHandle.Kind.Report) { }

        /// <summary>The report for programs, a JSON object; keys are only ever added.</summary>
        public string Json { get { return Handle.Hold(r => Native.mo_report_json(Handle)); } }

        /// <summary>The report for people, as aligned lines.</summary>
        public string Text { get { return Handle.Hold(r => Native.mo_report_text(Handle)); } }

        /// <summary>The report as one HTML page that needs nothing else.</summary>
        public string ToHtml()
        {
            IntPtr html;
            Native.mo_report_html(Handle, out html);
            return TextOf(html);
        }

        /// <summary>Whether every gate that the options set was met; true when none was set.</summary>
        public bool Passed { get { return Native.mo_report_passed(Handle) != 0; } }

        /// <summary>The number that the report has under a key, "median_ms"; throws <see cref="ErrorCode.NotFound"/> when it has none.</summary>
        public double Number(string key)
        {
            double number;
            if (TopLevel.Number(Json, key, out number)) return number;
            throw new MoException(ErrorCode.NotFound, "the report has no number called " + key);
        }

        /// <summary>The report for people.</summary>
        public override string ToString() { return IsDisposed ? "disposed report" : Text; }
    }
}
