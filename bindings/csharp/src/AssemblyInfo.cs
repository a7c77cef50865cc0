// What the assembly says of itself.
using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("Libmo")]
[assembly: AssemblyDescription("Makes ONNX models smaller and faster, and measures what that cost")]
[assembly: InternalsVisibleTo("Libmo.Tests")]
