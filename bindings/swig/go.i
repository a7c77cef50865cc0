/* go.i: the Go typemaps of mo.i; the generated package is internal to the module. */

/* objects are addresses of C memory, which the collector must not follow; errors too, the face reads and frees them */
%typemap(gotype) SWIGTYPE *, const mo_error *, mo_error * "uintptr"
%typemap(goout) SWIGTYPE *, const mo_error *, mo_error * ""

/* outputs */
%typemap(gotype) SWIGTYPE ** "*uintptr"
%typemap(gotype) int64_t *count "*int64"

/* memory of the caller, used only during the call */
%typemap(gotype) void *, const void * "unsafe.Pointer"
%typemap(goout) void *, const void * ""

/* a shape */
%typemap(gotype) (const int64_t *dims, int64_t rank) "[]int64"
%typemap(in) (const int64_t *dims, int64_t rank) %{ $1 = ($1_ltype)$input.array; $2 = (int64_t)$input.len; %}
%typemap(freearg) (const int64_t *dims, int64_t rank) ""

/* a list of texts: the address of an array of C strings that the face makes */
%typemap(gotype) const char *const *values "uintptr"

/* callbacks: a runtime/cgo.Handle, 0 for none; the face exports the two functions */
%{
extern "C" int32_t mo_go_progress(void *user, const char *stage, int64_t done, int64_t total);
extern "C" int32_t mo_go_metric(void *user, const mo_model *model, double *value);
extern "C" void mo_go_log(void *user, int32_t level, const char *message);
%}
%typemap(gotype) (mo_progress_fn progress, void *user), (mo_metric_fn metric, void *user), (mo_log_fn function, void *user) "uintptr"
%typemap(in) (mo_progress_fn progress, void *user) %{ $2 = (void *)$input; $1 = $2 ? mo_go_progress : 0; %}
%typemap(in) (mo_metric_fn metric, void *user) %{ $2 = (void *)$input; $1 = $2 ? mo_go_metric : 0; %}
%typemap(in) (mo_log_fn function, void *user) %{ $2 = (void *)$input; $1 = $2 ? mo_go_log : 0; %}

/* texts that may be NULL: the address of bytes that end with NUL, nil for NULL */
%typemap(gotype) const char *base_dir, const char *value, const char *operation "unsafe.Pointer"
%typemap(in) const char *base_dir, const char *value, const char *operation %{ $1 = ($1_ltype)$input; %}
%typemap(freearg) const char *base_dir, const char *value, const char *operation ""
