// Finds and loads libmo_csharp.so, which brings libmo.so.1 and libdnnl.so.3 from the folder it lies in.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Libmo
{
    internal static class NativeLoader
    {
        private const string File = "libmo_csharp.so";
        private const int AbiVersion = 1;
        private static readonly object Lock = new object();
        private static bool done;

        [DllImport("libdl.so.2", EntryPoint = "dlopen")]
        private static extern IntPtr Open(byte[] path, int flags);

        [DllImport("libdl.so.2", EntryPoint = "dlerror")]
        private static extern IntPtr Reason();

        /// <summary>What is loaded here by path is then found by name. Every way into the library begins here; on Mono it must be called by a method
        /// that was compiled before the first native call is, which is why Native's own initialiser alone would not do.</summary>
        internal static void Load()
        {
            if (Volatile.Read(ref done)) return;
            lock (Lock)
            {
                if (done) return;
                if (Environment.OSVersion.Platform == PlatformID.Unix) Find();
                Volatile.Write(ref done, true);
            }
        }

        /// <summary>Refuses a library with another binary interface; whoever makes an object asks.</summary>
        internal static void Check()
        {
            if (compatible) return;
            Load();
            compatible = Compare();
        }

        private static bool compatible;

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static bool Compare()
        {
            int got = Native.mo_abi_version();
            if (got == AbiVersion) return true;
            throw new MoException(ErrorCode.Unsupported, "the libmo library that was loaded (" + Native.mo_version() + ") has ABI " + got +
                ", this assembly needs " + AbiVersion);
        }

        private static void Find()
        {
            var tried = new StringBuilder();
            foreach (string path in Candidates())
            {
                if (path.IndexOf('/') >= 0 && !System.IO.File.Exists(path))
                {
                    tried.Append("\n  ").Append(path).Append(": no such file");
                    continue;
                }
                const int now = 2, global = 0x100;
                if (Open(Utf8.Encode(path)!, now | global) != IntPtr.Zero) return;
                string reason = Utf8.Decode(Reason()) ?? "no reason given";
                tried.Append("\n  ").Append(path).Append(": ").Append(reason).Append(Advice(path, reason));
            }
            throw new DllNotFoundException("libmo's native library does not load. This process is " + Rid() + " and glibc is needed. Tried:" + tried);
        }

        private static IEnumerable<string> Candidates()
        {
            string? given = Environment.GetEnvironmentVariable("LIBMO_NATIVE_DIR");
            if (!string.IsNullOrEmpty(given))
            {
                yield return Path.Combine(given, File); // and nothing else: whoever names a folder means it
                yield break;
            }
            var folders = new List<string> { AppDomain.CurrentDomain.BaseDirectory };
            string own = typeof(NativeLoader).Assembly.Location;
            if (!string.IsNullOrEmpty(own))
            {
                string folder = Path.GetDirectoryName(own)!;
                folders.Add(folder);
                folders.Add(Path.Combine(folder, "..", "..")); // lib/netstandard2.0 of an unpacked package
            }
            foreach (string folder in folders)
            {
                yield return Path.Combine(folder, File);
                yield return Path.Combine(folder, "runtimes", Rid(), "native", File);
            }
            yield return File;
        }

        private static string Rid()
        {
            string machine = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            return "linux-" + machine;
        }

        private static string Advice(string path, string reason)
        {
            if (reason.Contains("libgomp")) return " (install the OpenMP runtime: Debian's package libgomp1)";
            if (reason.Contains("GLIBC")) return " (this system's C library is too old: glibc 2.34 is needed)";
            if (reason.Contains("ELF class") || reason.Contains("ELF header") || Foreign(path)) return " (built for another architecture)";
            if (reason.Contains("failed to map segment")) return " (is the folder mounted noexec? LIBMO_NATIVE_DIR names another)";
            return "";
        }

        /// <summary>Whether a file is for another kind of processor; glibc only says that there is no such file.</summary>
        private static bool Foreign(string path)
        {
            try
            {
                var header = new byte[20];
                using (FileStream file = System.IO.File.OpenRead(path))
                    if (file.Read(header, 0, 20) != 20) return false;
                int machine = header[18] | header[19] << 8;
                return machine != (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 183 : 62);
            }
            catch (IOException) { return false; }
        }
    }
}
