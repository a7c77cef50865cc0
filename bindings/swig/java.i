/* java.i: the Java typemaps of mo.i; everything generated is package-private in ai.libmo. */
%pragma(java) moduleclassmodifiers="final class"
%pragma(java) jniclassclassmodifiers="final class"
%pragma(java) constantsmodifiers="interface"
%pragma(java) jniclasscode=%{
  static {
    NativeLibrary.load();
  }
%}
%include "enumsimple.swg"
%javaconst(1);

%{
#include "swig/java_support.h"
%}

/* errors: the native side returns the address, MoException.check reads, frees and throws; nothing is thrown from C++ */
%typemap(jni) mo_error * "jlong"
%typemap(jtype) mo_error * "long"
%typemap(jstype) mo_error * "void"
%typemap(javaout) mo_error * { MoException.check($jnicall); }
%typemap(out) mo_error * %{ $result = (jlong)(intptr_t)$1; %}

/* objects are addresses, except that what is an error is above */
%typemap(jni) SWIGTYPE * "jlong"
%typemap(jtype) SWIGTYPE * "long"
%typemap(jstype) SWIGTYPE * "long"
%typemap(javain) SWIGTYPE * "$javainput"
%typemap(javaout) SWIGTYPE * { return $jnicall; }
%typemap(in) SWIGTYPE *, const mo_error * %{ $1 = ($1_ltype)(intptr_t)$input; %}
%typemap(out) SWIGTYPE *, const mo_error * %{ $result = (jlong)(intptr_t)$1; %}
%typemap(jni) const mo_error * "jlong"
%typemap(jtype) const mo_error * "long"
%typemap(jstype) const mo_error * "long"

/* outputs: element 0 of an array of one */
%typemap(jni) SWIGTYPE ** "jlongArray"
%typemap(jtype) SWIGTYPE ** "long[]"
%typemap(jstype) SWIGTYPE ** "long[]"
%typemap(javain) SWIGTYPE ** "$javainput"
%typemap(in) SWIGTYPE ** ($*1_ltype object = 0) %{ $1 = $input ? &object : 0; %}
%typemap(argout) SWIGTYPE ** %{ mo_java_store(jenv, $input, (jlong)(intptr_t)object$argnum); %}
%typemap(freearg) SWIGTYPE ** ""
%apply SWIGTYPE ** { int64_t *count }
%typemap(in) int64_t *count (int64_t number = 0) %{ $1 = $input ? &number : 0; %}
%typemap(argout) int64_t *count %{ mo_java_store(jenv, $input, number$argnum); %}

/* text: byte arrays that end with NUL going in, without NUL coming out (JNI's own strings are not UTF-8) */
%typemap(jni) const char * "jbyteArray"
%typemap(jtype) const char * "byte[]"
%typemap(jstype) const char * "String"
%typemap(javain) const char * "Utf8.encode($javainput)"
%typemap(javaout) const char * { return Utf8.decode($jnicall); }
%typemap(in) const char * (MoJavaText text) %{ $1 = ($1_ltype)text.of(jenv, $input); %}
%typemap(freearg) const char * ""
%typemap(out) const char * %{ $result = mo_java_bytes(jenv, $1); %}

/* a list of texts: byte[][] made by Utf8.encode(List) */
%typemap(jni) (const char *const *values, int64_t count) "jobjectArray"
%typemap(jtype) (const char *const *values, int64_t count) "byte[][]"
%typemap(jstype) (const char *const *values, int64_t count) "java.util.List<String>"
%typemap(javain) (const char *const *values, int64_t count) "Utf8.encode($javainput)"
%typemap(in) (const char *const *values, int64_t count) (MoJavaTexts texts) %{ $1 = ($1_ltype)texts.of(jenv, $input); $2 = texts.count(); %}
%typemap(freearg) (const char *const *values, int64_t count) ""

/* a shape */
%typemap(jni) (const int64_t *dims, int64_t rank) "jlongArray"
%typemap(jtype) (const int64_t *dims, int64_t rank) "long[]"
%typemap(jstype) (const int64_t *dims, int64_t rank) "long[]"
%typemap(javain) (const int64_t *dims, int64_t rank) "$javainput"
%typemap(in) (const int64_t *dims, int64_t rank) (MoJavaDims dims) %{ $1 = ($1_ltype)dims.of(jenv, $input); $2 = dims.rank(); %}
%typemap(freearg) (const int64_t *dims, int64_t rank) ""

/* memory: a direct buffer whose position is 0 (the face slices); an address when it is a result */
%typemap(jni) void *data, const void *data "jobject"
%typemap(jtype) void *data, const void *data "java.nio.Buffer"
%typemap(jstype) void *data, const void *data "java.nio.Buffer"
%typemap(javain) void *data, const void *data "$javainput"
%typemap(in) void *data, const void *data %{ $1 = $input ? ($1_ltype)jenv->GetDirectBufferAddress($input) : 0; %}

/* callbacks: the address of a listener (mo_java_listener_new), 0 for none; it must outlive its use */
%typemap(jni) (mo_progress_fn progress, void *user), (mo_log_fn function, void *user), (mo_metric_fn metric, void *user) "jlong"
%typemap(jtype) (mo_progress_fn progress, void *user), (mo_log_fn function, void *user), (mo_metric_fn metric, void *user) "long"
%typemap(jstype) (mo_progress_fn progress, void *user), (mo_log_fn function, void *user), (mo_metric_fn metric, void *user) "long"
%typemap(javain) (mo_progress_fn progress, void *user), (mo_log_fn function, void *user), (mo_metric_fn metric, void *user) "$javainput"
%typemap(in) (mo_progress_fn progress, void *user) %{ $2 = (void *)(intptr_t)$input; $1 = $2 ? mo_java_progress : 0; %}
%typemap(in) (mo_metric_fn metric, void *user) %{ $2 = (void *)(intptr_t)$input; $1 = $2 ? mo_java_metric : 0; %}
%typemap(in) (mo_log_fn function, void *user) %{ $2 = (void *)(intptr_t)$input; $1 = $2 ? mo_java_log : 0; %}

/* for java_support.h's own functions: JNI objects as they are */
%typemap(in, numinputs=0) JNIEnv *env %{ $1 = jenv; %}
%typemap(jni) jobject object "jobject"
%typemap(jtype) jobject object "Object"
%typemap(jstype) jobject object "Object"
%typemap(javain) jobject object "$javainput"
%typemap(in) jobject object %{ $1 = $input; %}
%typemap(jni) jbyteArray "jbyteArray"
%typemap(jtype) jbyteArray "byte[]"
%typemap(jstype) jbyteArray "byte[]"
%typemap(javaout) jbyteArray { return $jnicall; }
%typemap(out) jbyteArray %{ $result = $1; %}

/* a Java object that native threads may call; free it after what uses it */
void *mo_java_listener_new(JNIEnv *env, jobject object);
void mo_java_listener_free(JNIEnv *env, void *listener);

/* a buffer's content, which must fit a Java array (else null) */
jbyteArray mo_java_buffer_bytes(JNIEnv *env, const mo_buffer *buffer);

/* mo_tensor_create, _read and _write on a primitive array, from `offset` bytes on; the caller has checked that it holds them */
mo_error *mo_java_tensor_create(JNIEnv *env, int32_t dtype, const int64_t *dims, int64_t rank, jobject object, int64_t offset, int64_t bytes, mo_tensor **out);
mo_error *mo_java_tensor_read(JNIEnv *env, const mo_tensor *tensor, jobject object, int64_t offset, int64_t bytes);
mo_error *mo_java_tensor_write(JNIEnv *env, mo_tensor *tensor, jobject object, int64_t offset, int64_t bytes);
