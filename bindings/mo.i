/* mo.i: what SWIG makes Java, C# and Go from. It reads mo.h as it is, so a function that is added there is wrapped by being declared there.
 *
 * The result is an internal layer: flat functions over numbers and byte arrays. The faces in bindings/{java,csharp,go} own lifetime,
 * locks, buffers, callbacks and documentation. What the typemaps of each language make of mo.h:
 *
 *   mo_error * (returned)       an exception (Java, C#) or an `error` (Go), made and freed by the face's check function
 *   mo_T *, const mo_T *        an address: long, IntPtr, uintptr; 0 is NULL
 *   mo_T **out                  an array of one address (Java), `out IntPtr`, *uintptr
 *   const char *                a string, UTF-8 both ways
 *   (const int64_t *dims, int64_t rank)   long[] (Java), []int64 (Go)
 *   void *data                  memory of the caller: a direct Buffer (Java), IntPtr, unsafe.Pointer
 *   callback and `user`         see the language's file
 *
 * A declaration in mo.h that keeps to these shapes and parameter names needs nothing here.
 */
#if defined(SWIGJAVA)
%module(jniclassname="NativeJni") Native
#elif defined(SWIGCSHARP)
%module(imclassname="NativeMethods") Native
#else
%module native
#endif

%{
#include "mo/mo.h"
%}

/* by value as in SWIG's stdint.i, but under their own names: behind a pointer `long long` would not be int64_t in C++ */
%apply int { int32_t };
%apply long long { int64_t };

/* `mo_error *` is a result everywhere but here, so the one function that takes it goes by another name: mo_error_drop */
%ignore mo_error_free;
%ignore MO_CODE_WIDTH_;
%ignore MO_DTYPE_WIDTH_;
%ignore MO_LOG_LEVEL_WIDTH_;

/* these return borrowed arrays, which no language can check; *_dim below asks for one element */
%ignore mo_tensor_dims;
%ignore mo_port_dims;

#if defined(SWIGJAVA)
%include "swig/java.i"
#elif defined(SWIGCSHARP)
%include "swig/csharp.i"
#elif defined(SWIGGO)
%include "swig/go.i"
#endif

%inline %{
static void mo_error_drop(const mo_error *error) { mo_error_free((mo_error *)error); }
static int64_t mo_tensor_dim(const mo_tensor *tensor, int64_t axis) {
  return axis >= 0 && axis < mo_tensor_rank(tensor) ? mo_tensor_dims(tensor)[axis] : -1;
}
static int64_t mo_port_dim(const mo_port *port, int64_t axis) { return axis >= 0 && axis < mo_port_rank(port) ? mo_port_dims(port)[axis] : -1; }
%}

%include "mo/mo.h"
