/* csharp.i: the C# typemaps of mo.i; everything generated is internal in Libmo. */
%pragma(csharp) moduleclassmodifiers="internal static unsafe class"
%pragma(csharp) imclassclassmodifiers="internal static unsafe class"
%include "enumsimple.swg"
%csconst(1);

/* errors: the native side returns the address, MoException.Check reads, frees and throws; nothing is thrown from C++ */
%typemap(ctype) mo_error * "void *"
%typemap(imtype) mo_error * "global::System.IntPtr"
%typemap(cstype) mo_error * "void"
%typemap(csout) mo_error * { MoException.Check($imcall); }

/* objects are SafeHandles, which the marshaller keeps alive during the call; what has no handle in the face is an address */
%typemap(imtype, out="global::System.IntPtr") SWIGTYPE * "global::System.Runtime.InteropServices.SafeHandle"
%typemap(cstype, out="global::System.IntPtr") SWIGTYPE * "global::System.Runtime.InteropServices.SafeHandle"
%typemap(csin) SWIGTYPE * "$csinput"
%typemap(csout) SWIGTYPE * { return $imcall; }
%typemap(imtype) void *, const void *, const mo_error *error, const mo_buffer *buffer, mo_buffer *buffer, const mo_port *port "global::System.IntPtr"
%typemap(cstype) void *, const void *, const mo_error *error, const mo_buffer *buffer, mo_buffer *buffer, const mo_port *port "global::System.IntPtr"
%typemap(csin) void *, const void *, const mo_error *error, const mo_buffer *buffer, mo_buffer *buffer, const mo_port *port "$csinput"
%typemap(csout) void *, const void * { return $imcall; }

/* outputs */
%typemap(ctype) SWIGTYPE ** "void **"
%typemap(imtype) SWIGTYPE ** "out global::System.IntPtr"
%typemap(cstype) SWIGTYPE ** "out global::System.IntPtr"
%typemap(csin) SWIGTYPE ** "out $csinput"
%typemap(in) SWIGTYPE ** %{ $1 = ($1_ltype)$input; %}
%typemap(ctype) int64_t *count "int64_t *"
%typemap(imtype) int64_t *count "out long"
%typemap(cstype) int64_t *count "out long"
%typemap(csin) int64_t *count "out $csinput"
%typemap(in) int64_t *count %{ $1 = ($1_ltype)$input; %}

/* text: UTF-8 that ends with NUL; Utf8 makes and reads it (the marshaller of .NET Standard 2.0 does not know UTF-8) */
%typemap(ctype) const char * "const char *"
%typemap(imtype, out="global::System.IntPtr") const char * "byte[]"
%typemap(cstype) const char * "string"
%typemap(csin) const char * "Utf8.Encode($csinput)"
%typemap(csout) const char * { return Utf8.Decode($imcall); }
%typemap(in) const char * %{ $1 = ($1_ltype)$input; %}
%typemap(out) const char * %{ $result = $1; %}

/* a list of texts: pinned by the caller */
%typemap(ctype) const char *const *values "void *"
%typemap(imtype) const char *const *values "global::System.IntPtr[]"
%typemap(cstype) const char *const *values "global::System.IntPtr[]"
%typemap(csin) const char *const *values "$csinput"
%typemap(in) const char *const *values %{ $1 = ($1_ltype)$input; %}

/* a shape */
%typemap(ctype) const int64_t *dims "void *"
%typemap(imtype) const int64_t *dims "long[]"
%typemap(cstype) const int64_t *dims "long[]"
%typemap(csin) const int64_t *dims "$csinput"
%typemap(in) const int64_t *dims %{ $1 = ($1_ltype)$input; %}

/* callbacks: delegates that the face keeps alive while they can be called */
%typemap(ctype) mo_progress_fn progress "mo_progress_fn"
%typemap(imtype) mo_progress_fn progress "NativeProgress"
%typemap(cstype) mo_progress_fn progress "NativeProgress"
%typemap(csin) mo_progress_fn progress "$csinput"
%typemap(in) mo_progress_fn progress %{ $1 = $input; %}
%typemap(ctype) mo_metric_fn metric "mo_metric_fn"
%typemap(imtype) mo_metric_fn metric "NativeMetric"
%typemap(cstype) mo_metric_fn metric "NativeMetric"
%typemap(csin) mo_metric_fn metric "$csinput"
%typemap(in) mo_metric_fn metric %{ $1 = $input; %}
%typemap(ctype) mo_log_fn function "mo_log_fn"
%typemap(imtype) mo_log_fn function "NativeLog"
%typemap(cstype) mo_log_fn function "NativeLog"
%typemap(csin) mo_log_fn function "$csinput"
%typemap(in) mo_log_fn function %{ $1 = $input; %}
%pragma(csharp) moduleimports=%{
using global::System;
using global::System.Runtime.InteropServices;

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NativeProgress(global::System.IntPtr user, global::System.IntPtr stage, long done, long total);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate int NativeMetric(global::System.IntPtr user, global::System.IntPtr model, out double value);

[UnmanagedFunctionPointer(CallingConvention.Cdecl)]
internal delegate void NativeLog(global::System.IntPtr user, int level, global::System.IntPtr message);
%}

/* Loads the native library, unless the face did so already. The initialiser has a second use: Mono does not inline methods of a class that has one,
 * and so does not look a P/Invoke up before the method that loads the library was run. */
%pragma(csharp) modulecode=%{
  static Native() { NativeLoader.Load(); }
%}
