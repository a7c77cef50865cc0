// Finds a number in the outermost object of a JSON text that the library wrote; .NET Standard 2.0 has no JSON reader that needs nothing else.
using System.Globalization;

namespace Libmo
{
    internal static class TopLevel
    {
        internal static bool Number(string json, string key, out double number)
        {
            number = 0;
            int depth = 0;
            string name = null; // the last text at depth 1, and whether a colon followed it
            bool value = false;
            for (int i = 0; i < json.Length; ++i)
            {
                char c = json[i];
                if (c == '"')
                {
                    int start = ++i;
                    while (json[i] != '"') i += json[i] == '\\' ? 2 : 1;
                    if (depth == 1 && !value) name = json.Substring(start, i - start);
                }
                else if (c == '{' || c == '[') ++depth;
                else if (c == '}' || c == ']') --depth;
                else if (depth == 1 && c == ':') value = true;
                else if (depth == 1 && c == ',') value = false;
                else if (depth == 1 && value && name == key && (c == '-' || c >= '0' && c <= '9'))
                {
                    int end = i;
                    while (end < json.Length && "+-.eE0123456789".IndexOf(json[end]) >= 0) ++end;
                    return double.TryParse(json.Substring(i, end - i), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
                }
            }
            return false;
        }
    }
}
