// Runs every public static method of the test classes and prints "N passed, N failed". usage: Libmo.Tests MODELS [NAME]
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace Libmo.Tests
{
    internal sealed class Failure : Exception
    {
        internal Failure(string message) : base(message) { }
    }

    internal static class Check
    {
        internal static void That(bool condition, string what)
        {
            if (!condition) throw new Failure(what);
        }

        internal static void Equal<T>(T wanted, T got, string what)
        {
            if (!EqualityComparer<T>.Default.Equals(wanted, got)) throw new Failure(what + ": " + got + ", not " + wanted);
        }

        internal static void Same<T>(IEnumerable<T> wanted, IEnumerable<T> got, string what)
        {
            if (!wanted.SequenceEqual(got)) throw new Failure(what + ": [" + string.Join(", ", got) + "], not [" + string.Join(", ", wanted) + "]");
        }

        internal static E Throws<E>(Action action, string what) where E : Exception
        {
            try { action(); }
            catch (E e) { return e; }
            catch (AggregateException e) when (e.InnerException is E) { return (E)e.InnerException; }
            throw new Failure(what + ": no " + typeof(E).Name);
        }

        internal static MoException Fails(ErrorCode code, Action action, string what)
        {
            MoException e = Throws<MoException>(action, what);
            Equal(code, e.Code, what + " (" + e.Message + ")");
            return e;
        }
    }

    internal static class Runner
    {
        internal static string Models;

        private static int Main(string[] arguments)
        {
            Models = arguments[0];
            int passed = 0, failed = 0;
            foreach (Type type in typeof(Runner).Assembly.GetTypes().Where(t => t.Name.EndsWith("Test")).OrderBy(t => t.Name))
                foreach (MethodInfo test in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
                {
                    if (arguments.Length > 1 && !(type.Name + "." + test.Name).Contains(arguments[1])) continue;
                    try
                    {
                        test.Invoke(null, null);
                        ++passed;
                    }
                    catch (TargetInvocationException e)
                    {
                        ++failed;
                        Console.WriteLine("FAILED " + type.Name + "." + test.Name + ": " + e.InnerException);
                    }
                }
            Console.WriteLine(passed + " passed, " + failed + " failed");
            return failed == 0 ? 0 : 1;
        }
    }
}
