// The library itself: version, devices, log.
#nullable enable
using System;

namespace Libmo
{
    /// <summary>The library itself.</summary>
    public static class Library
    {
        /// <summary>The release, "0.1.0".</summary>
        public static string Version
        {
            get
            {
                NativeLoader.Load();
                return Native.mo_version();
            }
        }

        /// <summary>The number of the binary interface.</summary>
        public static int AbiVersion
        {
            get
            {
                NativeLoader.Load();
                return Native.mo_abi_version();
            }
        }

        /// <summary>How the library was built, as a JSON object.</summary>
        public static string BuildInfoJson()
        {
            NativeLoader.Check();
            IntPtr json;
            Native.mo_build_info_json(out json);
            return NativeObject.TextOf(json);
        }

        /// <summary>The devices that can run models, as a JSON object.</summary>
        public static string DevicesJson()
        {
            NativeLoader.Check();
            IntPtr json;
            Native.mo_devices_json(out json);
            return NativeObject.TextOf(json);
        }

        private static readonly object LogLock = new object();
        private static NativeLog? current;

        /// <summary>Sends the library's log lines up to a level to a sink; null turns logging off, which is the default. One sink for the process, called
        /// from any thread, one call at a time; it must not use the library, and an exception in it is dropped together with the line. When
        /// SetLog returns, the former sink is not running and will not be called again.</summary>
        public static void SetLog(LogLevel level, Action<LogLevel, string>? sink)
        {
            NativeLoader.Load();
            lock (LogLock)
            {
                NativeLog? function = null;
                if (sink != null)
                    function = (user, at, message) =>
                    {
                        try { sink((LogLevel)at, Utf8.Decode(message) ?? ""); }
                        catch (Exception) { /* nobody is there to take it */ }
                    };
                Native.mo_set_log(function, IntPtr.Zero, (int)level);
                NativeLog? old = current;
                current = function;
                GC.KeepAlive(old); // until here the library might have been in it
            }
        }
    }
}
