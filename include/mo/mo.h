/* mo.h: the C interface of libmo, which makes ONNX models smaller and faster and proves it.
 *
 * This header is the whole interface; it reads from top to bottom. C99 and later, C++ and SWIG take it as it is.
 *
 *   mo_model *model = NULL;
 *   mo_error *error = mo_model_load("model.onnx", NULL, &model);
 *   if (error) { fprintf(stderr, "%s\n", mo_error_message(error)); mo_error_free(error); return 1; }
 *
 * Rules that hold for every function:
 *
 * Errors. What can fail returns `mo_error *`: NULL is success, anything else the caller frees with mo_error_free. Outputs (`T **out`) are
 * set to NULL on entry, so a failed call leaves NULL. A NULL or malformed argument is an error (MO_ERR_INVALID_ARGUMENT), never a
 * crash; what must be non-NULL is not said again below, what may be NULL is. Every function may return MO_ERR_OUT_OF_MEMORY.
 *
 * Ownership. A `T **out` belongs to the caller, who frees it with mo_T_free. A returned `const char *`, `const void *` or `const mo_T *`
 * is borrowed: valid until the object it came from is freed or changed. mo_T_free(NULL) does nothing. Objects keep what they
 * need of each other: a session outlives its model, a tensor the collection it came from.
 *
 * Text is UTF-8 and ends with NUL. Sizes are bytes in int64_t; shapes are outermost dimension first, memory is row-major.
 *
 * Threads. mo_model, mo_report, mo_buffer, mo_port and mo_error are immutable: share them freely. One mo_session may be run from
 * many threads at once. One mo_options, mo_tensor or mo_tensors may be read from many threads, or changed by one. One mo_dataset and one
 * mo_calibration serve one thread at a time; a second call at the same time returns MO_ERR_BUSY. No object may be freed while a
 * call uses it. There is no initialisation and no shutdown.
 *
 * Options. `const mo_options *` belongs to one operation, named at the function; NULL means all defaults. mo_options_describe_json
 * lists an operation's keys with type, default, range and help.
 *
 * The library never prints, exits, aborts, changes signals, locale, environment, rounding mode or the current directory.
 *
 * "since" names the release that introduced a declaration; where none is said it is 0.1.
 */
#ifndef MO_MO_H
#define MO_MO_H

#include <stdint.h>

#if defined(SWIG)
#define MO_API
#elif defined(_WIN32)
#define MO_API __declspec(dllimport)
#else
#define MO_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------------------- types */

/* What this header was written for; equals mo_abi_version() of every library that can be used with it. */
#define MO_ABI_VERSION 1

/* Error codes. The numbers never change; new ones may be added. Signatures carry them as int32_t. */
typedef enum mo_code {
  MO_OK = 0,
  MO_ERR_INVALID_ARGUMENT = 1, /* an argument of the call is wrong */
  MO_ERR_NOT_FOUND = 2,        /* a name, file or key does not exist */
  MO_ERR_IO = 3,               /* the operating system refused: read, write, full disk */
  MO_ERR_FORMAT = 4,           /* a file or text is malformed */
  MO_ERR_UNSUPPORTED = 5,      /* legal, but libmo does not do it */
  MO_ERR_SHAPE = 6,            /* shapes do not fit together */
  MO_ERR_TYPE = 7,             /* element types do not fit together */
  MO_ERR_LIMIT = 8,            /* a limit was exceeded; options can raise it */
  MO_ERR_OUT_OF_MEMORY = 9,
  MO_ERR_CANCELLED = 10, /* mo_control_cancel, or a progress callback asked for it */
  MO_ERR_DEADLINE = 11,  /* the deadline of the mo_control passed */
  MO_ERR_BUSY = 12,      /* a second call at the same time on an object that serves one thread */
  MO_ERR_DEVICE = 13,    /* accelerator or its driver */
  MO_ERR_CALLBACK = 14,  /* a callback of the caller reported an error */
  MO_ERR_THRESHOLD = 15, /* a gate was not met */
  MO_ERR_INTERNAL = 16,  /* a defect of libmo: please report it */
  MO_CODE_WIDTH_ = 0x7fffffff
} mo_code;

/* Element types, numbered as in ONNX TensorProto.DataType. Signatures carry them as int32_t.
 * 4- and 2-bit elements are packed, the first element in the low bits; a row is not padded, only the whole tensor. */
typedef enum mo_dtype {
  MO_DTYPE_UNDEFINED = 0,
  MO_DTYPE_FLOAT32 = 1,
  MO_DTYPE_UINT8 = 2,
  MO_DTYPE_INT8 = 3,
  MO_DTYPE_UINT16 = 4,
  MO_DTYPE_INT16 = 5,
  MO_DTYPE_INT32 = 6,
  MO_DTYPE_INT64 = 7,
  MO_DTYPE_STRING = 8, /* in memory: the elements' UTF-8 texts one after the other, each ended by NUL */
  MO_DTYPE_BOOL = 9,   /* one byte, 0 or 1 */
  MO_DTYPE_FLOAT16 = 10,
  MO_DTYPE_FLOAT64 = 11,
  MO_DTYPE_UINT32 = 12,
  MO_DTYPE_UINT64 = 13,
  MO_DTYPE_COMPLEX64 = 14,
  MO_DTYPE_COMPLEX128 = 15,
  MO_DTYPE_BFLOAT16 = 16,
  MO_DTYPE_FLOAT8E4M3FN = 17,
  MO_DTYPE_FLOAT8E4M3FNUZ = 18,
  MO_DTYPE_FLOAT8E5M2 = 19,
  MO_DTYPE_FLOAT8E5M2FNUZ = 20,
  MO_DTYPE_UINT4 = 21,
  MO_DTYPE_INT4 = 22,
  MO_DTYPE_FLOAT4E2M1 = 23,
  MO_DTYPE_FLOAT8E8M0 = 24,
  MO_DTYPE_UINT2 = 25,
  MO_DTYPE_INT2 = 26,
  MO_DTYPE_FLOAT6E2M3 = 27,
  MO_DTYPE_FLOAT6E3M2 = 28,
  MO_DTYPE_WIDTH_ = 0x7fffffff
} mo_dtype;

/* How much mo_set_log reports. Signatures carry it as int32_t. */
typedef enum mo_log_level {
  MO_LOG_OFF = 0,
  MO_LOG_ERROR = 1,
  MO_LOG_WARNING = 2,
  MO_LOG_INFO = 3,
  MO_LOG_DEBUG = 4,
  MO_LOG_LEVEL_WIDTH_ = 0x7fffffff
} mo_log_level;

typedef struct mo_error mo_error;             /* why a call failed */
typedef struct mo_buffer mo_buffer;           /* bytes or text made by the library */
typedef struct mo_control mo_control;         /* progress, cancellation and deadline of long work */
typedef struct mo_options mo_options;         /* settings of one operation */
typedef struct mo_tensor mo_tensor;           /* a typed, shaped array */
typedef struct mo_tensors mo_tensors;         /* tensors by name, in order */
typedef struct mo_port mo_port;               /* an input or output that a model declares */
typedef struct mo_model mo_model;             /* an ONNX model */
typedef struct mo_dataset mo_dataset;         /* samples, read batch by batch */
typedef struct mo_session mo_session;         /* a model made ready to run */
typedef struct mo_calibration mo_calibration; /* statistics of a model's activations */
typedef struct mo_report mo_report;           /* what an operation did and measured */

/* -------------------------------------------------------------------------------------------------------------------------- library */

/* The release, "0.1.0". Static. */
MO_API const char *mo_version(void);

/* The number of the binary interface; compare with MO_ABI_VERSION after loading the library at run time. */
MO_API int32_t mo_abi_version(void);

/* How the library was built: {"version", "abi", "compiler", "onednn", "cpu_features": [...]}. */
MO_API mo_error *mo_build_info_json(mo_buffer **json);

/* The devices that can run models: {"devices": [{"name": "cpu", "description", "threads", "features": [...]}]}. `threads` counts what
 * the process may use (its cgroup and affinity), not what the machine has. */
MO_API mo_error *mo_devices_json(mo_buffer **json);

/* Receives one line of log. Called from any thread, one call at a time; it must not call into the library. */
typedef void (*mo_log_fn)(void *user, int32_t level, const char *message);

/* Sends log lines up to `level` (mo_log_level) to `function`; NULL turns logging off, which is the default. One sink for the process.
 * When it returns, the former function is not running and will not be called again. */
MO_API void mo_set_log(mo_log_fn function, void *user, int32_t level);

/* --------------------------------------------------------------------------------------------------------------------------- buffer */

/* The content; valid until the buffer is freed. A NUL byte follows it, so a text is a C string. NULL for NULL. */
MO_API const void *mo_buffer_data(const mo_buffer *buffer);

/* The same as text; "" for NULL. */
MO_API const char *mo_buffer_text(const mo_buffer *buffer);

/* Bytes, without the NUL that follows; 0 for NULL. */
MO_API int64_t mo_buffer_size(const mo_buffer *buffer);
MO_API void mo_buffer_free(mo_buffer *buffer);

/* ---------------------------------------------------------------------------------------------------------------------------- error */

/* A mo_code; MO_OK for NULL. */
MO_API int32_t mo_error_code(const mo_error *error);

/* One sentence that names the thing that is wrong; at most 4 KiB, printable UTF-8. "" for NULL. */
MO_API const char *mo_error_message(const mo_error *error);

/* The model's node that the error concerns and its operator ("Conv"); "" where it concerns none. */
MO_API const char *mo_error_node(const mo_error *error);
MO_API const char *mo_error_op(const mo_error *error);
MO_API void mo_error_free(mo_error *error);

/* The name of a mo_code, "MO_ERR_SHAPE"; "MO_ERR_UNKNOWN" for a number that is none. Static. */
MO_API const char *mo_error_name(int32_t code);

/* -------------------------------------------------------------------------------------------------------------------------- control */

/* Tells how far the work is: what is being done ("calibrate"), units done and in all (0: unknown). Called on the thread that works, or
 * on a thread of the library, never two at once. Return 0 to go on, anything else to cancel. */
typedef int32_t (*mo_progress_fn)(void *user, const char *stage, int64_t done, int64_t total);

/* `progress` may be NULL. A control may serve several calls, one after the other or at once. */
MO_API mo_error *mo_control_create(mo_progress_fn progress, void *user, mo_control **out);

/* Makes the calls that use this control return MO_ERR_CANCELLED soon, now and in future. From any thread or from a signal handler. */
MO_API void mo_control_cancel(mo_control *control);

/* Makes them return MO_ERR_DEADLINE once `seconds` from now have passed; 0 or less removes the deadline. From any thread. */
MO_API mo_error *mo_control_set_deadline(mo_control *control, double seconds);
MO_API void mo_control_free(mo_control *control);

/* -------------------------------------------------------------------------------------------------------------------------- options */

/* All defaults of `operation`: "load", "save", "session", "dataset", "calibration", "quantize", "goal", "sensitivity", "benchmark", "evaluate"
 * or "compare".
 * Errors: MO_ERR_NOT_FOUND for another word. */
MO_API mo_error *mo_options_create(const char *operation, mo_options **out);

/* Sets one key. An unknown key, a value of another type or outside the key's range or choices is an error that names the
 * nearest legal ones, and leaves the options as they were. mo_options_set_string also takes the text of a number, of a truth value or, for a
 * list, its items separated by commas. */
MO_API mo_error *mo_options_set_string(mo_options *options, const char *key, const char *value);
MO_API mo_error *mo_options_set_int(mo_options *options, const char *key, int64_t value);
MO_API mo_error *mo_options_set_double(mo_options *options, const char *key, double value);
MO_API mo_error *mo_options_set_bool(mo_options *options, const char *key, int32_t value);
MO_API mo_error *mo_options_set_strings(mo_options *options, const char *key, const char *const *values, int64_t count);

/* Adds one item to a list; the first one replaces the default. */
MO_API mo_error *mo_options_add_string(mo_options *options, const char *key, const char *value);

/* Sets keys from a JSON object or a YAML mapping; "calibration.method" may also be written nested. All or nothing. */
MO_API mo_error *mo_options_parse(mo_options *options, const char *json_or_yaml);

/* The values that differ from the defaults, as a JSON object that mo_options_parse reads. */
MO_API mo_error *mo_options_json(const mo_options *options, mo_buffer **json);

/* The schema: {"operation", "help", "options": [{"key", "type", "default", "choices"?, "minimum"?, "maximum"?, "help"}]}, where type is
 * "string", "int", "double", "bool" or "strings" and choices is [{"value", "help"}]. operation NULL: {"operations": [{"operation", "help"}]}. */
MO_API mo_error *mo_options_describe_json(const char *operation, mo_buffer **json);
MO_API void mo_options_free(mo_options *options);

/* --------------------------------------------------------------------------------------------------------------------------- tensor */

/* A tensor with a copy of `data`, whose size must be exactly what dtype and shape need. data NULL with bytes 0: all zeros (strings: empty).
 * dims has `rank` sizes >= 0 (NULL for rank 0, a scalar). Errors: MO_ERR_TYPE, MO_ERR_SHAPE, MO_ERR_LIMIT. */
MO_API mo_error *mo_tensor_create(int32_t dtype, const int64_t *dims, int64_t rank, const void *data, int64_t bytes, mo_tensor **out);

/* A tensor on the caller's memory, which is not copied and must outlive every object that refers to the tensor. A run may write to it when
 * it is given as an output (mo_session_run_into). Not for strings, and not for languages that move memory. */
MO_API mo_error *mo_tensor_view(int32_t dtype, const int64_t *dims, int64_t rank, void *data, int64_t bytes, mo_tensor **out);

MO_API int32_t mo_tensor_dtype(const mo_tensor *tensor);       /* a mo_dtype; MO_DTYPE_UNDEFINED for NULL */
MO_API int64_t mo_tensor_rank(const mo_tensor *tensor);        /* 0 for a scalar and for NULL */
MO_API const int64_t *mo_tensor_dims(const mo_tensor *tensor); /* `rank` sizes; NULL for NULL */
MO_API int64_t mo_tensor_bytes(const mo_tensor *tensor);       /* of the content, as mo_tensor_read writes it */

/* The content, valid until the tensor is freed or written; NULL for strings and for NULL. */
MO_API const void *mo_tensor_data(const mo_tensor *tensor);

/* Copies the content to or from the caller's memory, whose size must be exactly mo_tensor_bytes (when strings are written: what the
 * elements need). Every handle on the same tensor sees what is written. */
MO_API mo_error *mo_tensor_read(const mo_tensor *tensor, void *data, int64_t bytes);
MO_API mo_error *mo_tensor_write(mo_tensor *tensor, const void *data, int64_t bytes);
MO_API void mo_tensor_free(mo_tensor *tensor);

/* -------------------------------------------------------------------------------------------------------------------------- tensors */

/* An empty collection. */
MO_API mo_error *mo_tensors_create(mo_tensors **out);

/* Puts the tensor (not a copy of it) under `name`, in place of one that had the name. The caller still frees `tensor`. */
MO_API mo_error *mo_tensors_set(mo_tensors *tensors, const char *name, const mo_tensor *tensor);

/* A handle on the tensor called `name`. Errors: MO_ERR_NOT_FOUND. */
MO_API mo_error *mo_tensors_get(const mo_tensors *tensors, const char *name, mo_tensor **out);
MO_API int64_t mo_tensors_count(const mo_tensors *tensors);                   /* 0 for NULL */
MO_API const char *mo_tensors_name(const mo_tensors *tensors, int64_t index); /* in order of insertion; NULL outside 0..count-1 */

/* Reads and writes .npz files (NumPy): one array per name. Writing is atomic. max_bytes limits one array, 0 or less: 8 GiB.
 * Errors: MO_ERR_IO, MO_ERR_NOT_FOUND, MO_ERR_FORMAT, MO_ERR_LIMIT; MO_ERR_TYPE for a dtype that NumPy lacks. */
MO_API mo_error *mo_tensors_load(const char *path, int64_t max_bytes, mo_tensors **out);
MO_API mo_error *mo_tensors_save(const mo_tensors *tensors, const char *path);
MO_API void mo_tensors_free(mo_tensors *tensors);

/* ---------------------------------------------------------------------------------------------------------------------------- model */

/* Reads an .onnx file; external data is looked for beside it, and only there. options: "load".
 * Errors: MO_ERR_NOT_FOUND, MO_ERR_IO, MO_ERR_FORMAT, MO_ERR_LIMIT, MO_ERR_UNSUPPORTED. */
MO_API mo_error *mo_model_load(const char *path, const mo_options *options, mo_model **out);

/* The same from memory. External data is refused unless base_dir (may be NULL) names the folder that holds it. options: "load". */
MO_API mo_error *mo_model_load_bytes(const void *data, int64_t size, const char *base_dir, const mo_options *options, mo_model **out);

/* Writes an .onnx file, and its external data beside it when the model needs that. The file is whole or as it was before. options: "save". */
MO_API mo_error *mo_model_save(const mo_model *model, const char *path, const mo_options *options);

/* The same into memory; at most 2 GiB. options: "save". */
MO_API mo_error *mo_model_save_bytes(const mo_model *model, const mo_options *options, mo_buffer **out);

/* What is in it: {"name", "producer", "ir_version", "opsets", "inputs", "outputs", "nodes", "operators": {"Conv": 53}, "quantized_nodes",
 * "file_bytes", "parameters", "parameter_bytes", "bytes_by_dtype", "macs", "macs_free_axes", "macs_unknown_nodes", "metadata", "digest"}.
 * file_bytes: as saved with default options. macs counts one run with every free axis (macs_free_axes) at 1. */
MO_API mo_error *mo_model_describe_json(const mo_model *model, mo_buffer **json);

/* "sha256:" and 64 hexadecimal digits, over the bytes that saving with default options writes: equal models have equal digests, whatever file
 * they came from. */
MO_API mo_error *mo_model_digest(const mo_model *model, mo_buffer **digest);

/* The value that the model's metadata has for `key`. Errors: MO_ERR_NOT_FOUND. mo_model_describe_json lists all. */
MO_API mo_error *mo_model_metadata_get(const mo_model *model, const char *key, mo_buffer **value);

/* A model that differs in one metadata entry (value NULL: the entry removed) and shares the weights. */
MO_API mo_error *mo_model_metadata_set(const mo_model *model, const char *key, const char *value, mo_model **out);

/* What the model takes and gives, in its own order; NULL outside 0..count-1. Borrowed from the model. */
MO_API int64_t mo_model_input_count(const mo_model *model);
MO_API int64_t mo_model_output_count(const mo_model *model);
MO_API const mo_port *mo_model_input(const mo_model *model, int64_t index);
MO_API const mo_port *mo_model_output(const mo_model *model, int64_t index);

MO_API const char *mo_port_name(const mo_port *port);
MO_API int32_t mo_port_dtype(const mo_port *port);       /* a mo_dtype; MO_DTYPE_UNDEFINED when the model leaves it open */
MO_API int64_t mo_port_rank(const mo_port *port);        /* -1 when the model leaves it open */
MO_API const int64_t *mo_port_dims(const mo_port *port); /* `rank` sizes, -1 where the caller chooses; NULL without rank */
MO_API int32_t mo_port_optional(const mo_port *port);    /* 1: an input that has a default */
MO_API void mo_model_free(mo_model *model);

/* -------------------------------------------------------------------------------------------------------------------------- dataset */

/* Opens an .npz (arrays named like the model's inputs, first axis = samples, the truth under "label"), an .npy, a folder of .npz, .npy or
 * ONNX .pb samples, or a data set .yaml (see docs/datasets.md). Streamed, never all in memory. options: "dataset". */
MO_API mo_error *mo_dataset_open(const char *path, const mo_options *options, mo_dataset **out);

/* The arrays of a collection as a data set: they share their first axis, its length is the number of samples. options: "dataset". */
MO_API mo_error *mo_dataset_create(const mo_tensors *arrays, const mo_options *options, mo_dataset **out);

/* The next batch: inputs by name, and the truth unless `label` is NULL or the data set has none (then *label is NULL). At the end
 * both are NULL and the call succeeds. */
MO_API mo_error *mo_dataset_next(mo_dataset *dataset, mo_tensors **inputs, mo_tensor **label);
MO_API mo_error *mo_dataset_rewind(mo_dataset *dataset);

/* Samples in all; -1 when only reading tells. */
MO_API mo_error *mo_dataset_count(mo_dataset *dataset, int64_t *count);
MO_API void mo_dataset_free(mo_dataset *dataset);

/* -------------------------------------------------------------------------------------------------------------------------- session */

/* Makes a model ready to run; kernels and memory are planned per set of input shapes, at their first run. options: "session". */
MO_API mo_error *mo_session_create(const mo_model *model, const mo_options *options, mo_session **out);

/* The same straight from a file, whose model nobody else holds: with "release_weights" (or in a model that leaves no shape open) each weight is
 * freed as soon as it is packed, so that they are never in memory twice. load_options: "load" (may be NULL); options: "session".
 * Errors: those of mo_model_load and of mo_session_create. */
MO_API mo_error *mo_session_load(const char *path, const mo_options *load_options, const mo_options *options, mo_session **out);

/* Runs once. `inputs` names every input that has no default. control may be NULL.
 * Errors: MO_ERR_NOT_FOUND for missing and unknown names, MO_ERR_SHAPE, MO_ERR_TYPE, and what operators object to. */
MO_API mo_error *mo_session_run(mo_session *session, const mo_tensors *inputs, mo_control *control, mo_tensors **outputs);

/* Runs once and writes into the tensors that `outputs` holds, whose dtype and shape must be what the run makes; outputs that are not
 * there are added. In the steady state (same shapes, all outputs there) it allocates nothing. After an error the content of the
 * outputs is unspecified. control may be NULL. */
MO_API mo_error *mo_session_run_into(mo_session *session, const mo_tensors *inputs, mo_control *control, mo_tensors *outputs);

/* Of the shapes run last (or planned by the option "shapes"): the kernel of each node, what was fused, why faster kernels declined. */
MO_API mo_error *mo_session_explain_json(mo_session *session, mo_buffer **json);

/* The same as aligned text for people. */
MO_API mo_error *mo_session_explain_text(mo_session *session, mo_buffer **text);

/* The same with the time of each step over `iterations` >= 1 runs on `inputs` (NULL: random values, of the shapes that the session was made
 * for): "calls", "total_us", "min_us", "median_us", "share", and where it is known what a step does "macs", "flops", "bytes", "arithmetic",
 * "gflops", "gbytes_per_s"; of the whole "run_us", "run_min_us", "run_median_us", "macs", "bytes". */
MO_API mo_error *mo_session_profile_json(mo_session *session, const mo_tensors *inputs, int32_t iterations, mo_buffer **json);

/* {"arena_bytes", "packed_bytes", "weight_bytes", "peak_rss_bytes", "plans", "contexts"}, and with a "cache_folder" how many weights were packed
 * and how many were found in its file: "packs_made", "packs_mapped". */
MO_API mo_error *mo_session_memory_json(mo_session *session, mo_buffer **json);
MO_API void mo_session_free(mo_session *session);

/* ---------------------------------------------------------------------------------------------------------------------- calibration */

/* Empty statistics of `model`. They are fed, and take constant memory whatever the number of samples. options: "calibration". */
MO_API mo_error *mo_calibration_create(const mo_model *model, const mo_options *options, mo_calibration **out);

/* Runs the model on one batch of inputs (named as for mo_session_run) and takes note of its activations; NaN and infinities are counted and
 * left out. Option num_samples bounds what is taken in. control may be NULL. Errors: as mo_session_run. */
MO_API mo_error *mo_calibration_feed(mo_calibration *calibration, const mo_tensors *inputs, mo_control *control);

/* Samples fed so far (rows of the first input), merged ones included; 0 for NULL. */
MO_API int64_t mo_calibration_count(const mo_calibration *calibration);

/* Adds the statistics of `other`, made from the same model with the same options, as if its batches had been fed here. */
MO_API mo_error *mo_calibration_merge(mo_calibration *calibration, const mo_calibration *other);

/* Statistics in a file. Loading checks that they belong to `model` (MO_ERR_INVALID_ARGUMENT when not). Saving is atomic. */
MO_API mo_error *mo_calibration_save(const mo_calibration *calibration, const char *path);
MO_API mo_error *mo_calibration_load(const char *path, const mo_model *model, mo_calibration **out);
MO_API void mo_calibration_free(mo_calibration *calibration);

/* ------------------------------------------------------------------------------------------------------------------------- quantize */

/* A model in lower precision, as standard ONNX. Static quantization needs a calibration with at least one batch; the other modes and
 * float16/bfloat16 take NULL. control and report may be NULL. options: "quantize".
 * Errors: MO_ERR_INVALID_ARGUMENT for an empty calibration or one of another model, MO_ERR_CANCELLED, MO_ERR_DEADLINE. */
MO_API mo_error *mo_quantize(const mo_model *model, const mo_calibration *calibration, const mo_options *options, mo_control *control, mo_model **out,
                             mo_report **report);

/* Judges a model: writes how good it is to `value` and returns 0; anything else ends the search with MO_ERR_CALLBACK. `model` is borrowed for
 * the time of the call. Called on the thread that called the search, one call at a time; it may use the library, but none of the
 * objects given to that search but its model. */
typedef int32_t (*mo_metric_fn)(void *user, const mo_model *model, double *value);

/* mo_quantize with a choice of precision for each node that keeps limits on a metric, on size and on latency, and leaves in float what is not
 * faster in integers on this machine (docs/accuracy_loop.md). The metric is `metric` or, when that is NULL, the one that the options name, on
 * `dataset`. dataset may be NULL when no metric is limited or `metric` is given: then sensitivities are measured on the samples that the
 * calibration kept. control and report may be NULL; mo_report_passed says whether the limits were kept. options: "quantize", "goal".
 * Errors: as mo_quantize; MO_ERR_THRESHOLD when no choice keeps the limits on size and latency, MO_ERR_CALLBACK. */
MO_API mo_error *mo_quantize_to_goal(const mo_model *model, const mo_calibration *calibration, mo_dataset *dataset, mo_metric_fn metric, void *user,
                                     const mo_options *quantize, const mo_options *goal, mo_control *control, mo_model **out, mo_report **report);

/* What quantizing each node (or block) alone does to the outputs: signal to noise, cosine, divergence, and when asked for the metric.
 * Arguments as in mo_quantize_to_goal. options: "quantize", "sensitivity". JSON: {"measure", "units": [{"unit", "nodes", "precision", "harm",
 * "snr_db", "cosine", "kl", "drop"?}]}, the most harmful first. */
MO_API mo_error *mo_sensitivity(const mo_model *model, const mo_calibration *calibration, mo_dataset *dataset, mo_metric_fn metric, void *user,
                                const mo_options *quantize, const mo_options *options, mo_control *control, mo_report **report);

/* -------------------------------------------------------------------------------------------------------------------------- measure */

/* Latency, throughput, memory and load time of a model on this machine. inputs NULL: seeded random values, free dimensions as the options say.
 * control may be NULL. options: "benchmark". JSON: {"median_ms", "min_ms", "p90_ms", "p99_ms", "throughput", "peak_rss_mb", "load_ms", ...}. */
MO_API mo_error *mo_benchmark(const mo_model *model, const mo_tensors *inputs, const mo_options *options, mo_control *control, mo_report **report);

/* A metric of the model over a data set, which is rewound first. control may be NULL. options: "evaluate".
 * JSON: {"metric", "value", "interval", "samples", ...}. Errors: MO_ERR_NOT_FOUND when the data has no label or lacks an input. */
MO_API mo_error *mo_evaluate(const mo_model *model, mo_dataset *dataset, const mo_options *options, mo_control *control, mo_report **report);

/* Two models with the same inputs and outputs side by side: size, latency, memory; with a data set (may be NULL) also the metric of both, its
 * change with an interval by paired bootstrap, how far outputs agree, the error at each node. control may be NULL. options: "compare". */
MO_API mo_error *mo_compare(const mo_model *a, const mo_model *b, mo_dataset *dataset, const mo_options *options, mo_control *control,
                            mo_report **report);

/* --------------------------------------------------------------------------------------------------------------------------- report */

/* The report for programs (a JSON object; keys are only ever added) and for people (aligned lines). "" for NULL. */
MO_API const char *mo_report_json(const mo_report *report);
MO_API const char *mo_report_text(const mo_report *report);

/* The report as one HTML page that needs nothing else. */
MO_API mo_error *mo_report_html(const mo_report *report, mo_buffer **out);

/* 1 when every gate that the options set was met (or none was set), 0 when one was not; the report says which. 0 for NULL. */
MO_API int32_t mo_report_passed(const mo_report *report);
MO_API void mo_report_free(mo_report *report);

#ifdef __cplusplus
}
#endif

#endif
