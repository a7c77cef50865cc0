// Settings of one operation.
#nullable enable
using System;
using System.Collections.Generic;

namespace Libmo
{
    /// <summary>Settings of one operation by key. The typed ones (<see cref="QuantizeOptions"/> and its like) derive from it. What is wrong with a value is
    /// said by the call that uses the options, or by <see cref="Validate"/>.</summary>
    public class Options
    {
        private readonly Dictionary<string, object> values = new Dictionary<string, object>();
        private readonly List<string> texts = new List<string>();

        /// <summary>All defaults of an operation: "load", "save", "session", "dataset", "calibration", "quantize", "benchmark", ...</summary>
        public Options(string operation)
        {
            if (operation == null) throw new ArgumentNullException("operation");
            Operation = operation;
        }

        /// <summary>The operation the options belong to.</summary>
        public string Operation { get; }

        /// <summary>A value by key: string, bool, int, long, double or a list of strings; null goes back to the default.</summary>
        public object? this[string key]
        {
            get { return Value(key); }
            set { SetValue(key, value); }
        }

        /// <summary>Sets keys from a JSON object or a YAML mapping; values set by key win over them.</summary>
        public Options Parse(string jsonOrYaml)
        {
            if (jsonOrYaml == null) throw new ArgumentNullException("jsonOrYaml");
            texts.Add(jsonOrYaml);
            return this;
        }

        /// <summary>Throws what is wrong with the values.</summary>
        public void Validate() { Make().Dispose(); }

        /// <summary>The values that differ from the defaults, as a JSON object that Parse reads.</summary>
        public string ToJson()
        {
            using (NativeHandle options = Make())
            {
                IntPtr json;
                Native.mo_options_json(options, out json);
                return NativeObject.TextOf(json);
            }
        }

        /// <summary>The schema of an operation's options as JSON: key, type, default, range, choices and help. null lists the operations.</summary>
        public static string DescribeJson(string? operation)
        {
            NativeLoader.Check();
            IntPtr json;
            Native.mo_options_describe_json(operation, out json);
            return NativeObject.TextOf(json);
        }

        /// <summary>What was set for a key.</summary>
        protected object? Value(string key)
        {
            object? value;
            return values.TryGetValue(key, out value) ? value : null;
        }

        /// <summary>Sets a key; null goes back to the default.</summary>
        protected void SetValue(string key, object? value)
        {
            if (value == null) values.Remove(key);
            else values[key] = value;
        }

        /// <summary>Native options for the time of one call; NULL when nothing was set.</summary>
        internal static NativeHandle For(Options? options, string operation)
        {
            if (options == null) return NativeHandle.None;
            if (options.Operation != operation)
                throw new ArgumentException("options of \"" + options.Operation + "\" where options of \"" + operation + "\" are wanted", "options");
            return options.values.Count + options.texts.Count == 0 ? NativeHandle.None : options.Make();
        }

        internal static T With<T>(Options? options, string operation, Func<NativeHandle, T> call)
        {
            NativeLoader.Check();
            NativeHandle made = For(options, operation);
            try { return call(made); }
            finally { if (made != NativeHandle.None) made.Dispose(); }
        }

        private NativeHandle Make()
        {
            NativeLoader.Check();
            IntPtr address;
            Native.mo_options_create(Operation, out address);
            var made = new NativeHandle(address, NativeHandle.Kind.Options);
            try
            {
                foreach (string text in texts) Native.mo_options_parse(made, text);
                foreach (KeyValuePair<string, object> pair in values) Set(made, pair.Key, pair.Value);
                return made;
            }
            catch
            {
                made.Dispose();
                throw;
            }
        }

        private static void Set(NativeHandle options, string key, object value)
        {
            if (value is string) Native.mo_options_set_string(options, key, (string)value);
            else if (value is bool) Native.mo_options_set_bool(options, key, (bool)value ? 1 : 0);
            else if (value is int) Native.mo_options_set_int(options, key, (int)value);
            else if (value is long) Native.mo_options_set_int(options, key, (long)value);
            else if (value is double) Native.mo_options_set_double(options, key, (double)value);
            else if (value is IEnumerable<string>)
            {
                Native.mo_options_set_strings(options, key, null, 0);
                foreach (string item in (IEnumerable<string>)value) Native.mo_options_add_string(options, key, item);
            }
            else throw new MoException(ErrorCode.Type, key + ": a " + value.GetType().Name + " is not a string, bool, int, long, double or list of strings");
        }
    }
}
