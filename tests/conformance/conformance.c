/* The conformance list in C: the reference. Every language prints the same lines; see README.md. usage: conformance MODELS (in an empty folder) */
#include <mo/mo.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number = 0;

static void line(const char *name, const char *text) { printf("%02d %s: %s\n", ++number, name, text); }

static void line_int(const char *name, int64_t value) {
  char text[32];
  sprintf(text, "%lld", (long long)value);
  line(name, text);
}

/* FNV-1a, 64 bits */
static uint64_t hash(const void *data, int64_t size) {
  uint64_t h = 14695981039346656037u;
  const unsigned char *byte = (const unsigned char *)data;
  for (int64_t i = 0; i < size; ++i) h = (h ^ byte[i]) * 1099511628211u;
  return h;
}

static void line_hash(const char *name, const void *data, int64_t size) {
  char text[64];
  sprintf(text, "%lld bytes %016llx", (long long)size, (unsigned long long)hash(data, size));
  line(name, text);
}

static void *read_all(const char *path, int64_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  void *data = malloc((size_t)*size + 1);
  if (!data || fread(data, 1, (size_t)*size, file) != (size_t)*size) exit(1);
  fclose(file);
  return data;
}

static void line_file(const char *name, const char *path) {
  int64_t size;
  void *data = read_all(path, &size);
  line_hash(name, data, size);
  free(data);
}

/* ends the program: what was not expected to fail did */
static void ok(mo_error *error) {
  if (!error) return;
  fprintf(stderr, "after line %d: %s: %s\n", number, mo_error_name(mo_error_code(error)), mo_error_message(error));
  exit(1);
}

/* "SHAPE 'message' node '' op ''" */
static void line_error(const char *name, mo_error *error) {
  if (!error) {
    line(name, "no error");
    return;
  }
  char text[6000];
  snprintf(text, sizeof text, "%s '%s' node '%s' op '%s'", mo_error_name(mo_error_code(error)) + strlen("MO_ERR_"), mo_error_message(error),
           mo_error_node(error), mo_error_op(error));
  line(name, text);
  mo_error_free(error);
}

static void line_buffer_hash(const char *name, mo_buffer *buffer) {
  line_hash(name, mo_buffer_data(buffer), mo_buffer_size(buffer));
  mo_buffer_free(buffer);
}

static void line_buffer(const char *name, mo_buffer *buffer) {
  line(name, mo_buffer_text(buffer));
  mo_buffer_free(buffer);
}

/* "1 [2, 3] 24 bytes 0123456789abcdef": dtype number, shape, content */
static void line_tensor(const char *name, const mo_tensor *tensor) {
  char text[512];
  int at = sprintf(text, "%d [", (int)mo_tensor_dtype(tensor));
  for (int64_t i = 0; i < mo_tensor_rank(tensor); ++i) at += sprintf(text + at, "%s%lld", i ? ", " : "", (long long)mo_tensor_dims(tensor)[i]);
  int64_t bytes = mo_tensor_bytes(tensor);
  void *data = malloc((size_t)bytes + 1);
  ok(mo_tensor_read(tensor, data, bytes));
  sprintf(text + at, "] %lld bytes %016llx", (long long)bytes, (unsigned long long)hash(data, bytes));
  free(data);
  line(name, text);
}

static void line_named(const char *name, const mo_tensors *tensors, const char *which) {
  mo_tensor *tensor;
  ok(mo_tensors_get(tensors, which, &tensor));
  line_tensor(name, tensor);
  mo_tensor_free(tensor);
}

static void line_names(const char *name, const mo_tensors *tensors) {
  char text[512] = "";
  for (int64_t i = 0; i < mo_tensors_count(tensors); ++i) {
    if (i) strcat(text, " ");
    strcat(text, mo_tensors_name(tensors, i));
  }
  line(name, text);
}

static void line_port(const char *name, const mo_port *port) {
  char text[512];
  int at = sprintf(text, "%s %d [", mo_port_name(port), (int)mo_port_dtype(port));
  for (int64_t i = 0; i < mo_port_rank(port); ++i) at += sprintf(text + at, "%s%lld", i ? ", " : "", (long long)mo_port_dims(port)[i]);
  sprintf(text + at, "] %d", (int)mo_port_optional(port));
  line(name, text);
}

/* ((i * 37 + seed * 11) % 255) / 127.5 - 1: the same floats in every language */
static mo_tensor *ramp(int64_t seed, const int64_t *dims, int64_t rank) {
  int64_t count = 1;
  for (int64_t i = 0; i < rank; ++i) count *= dims[i];
  float *data = (float *)malloc((size_t)count * sizeof *data);
  for (int64_t i = 0; i < count; ++i) data[i] = (float)((double)((i * 37 + seed * 11) % 255) / 127.5 - 1.0);
  mo_tensor *tensor;
  ok(mo_tensor_create(MO_DTYPE_FLOAT32, dims, rank, data, count * (int64_t)sizeof *data, &tensor));
  free(data);
  return tensor;
}

static mo_tensors *one(const char *name, mo_tensor *tensor) {
  mo_tensors *tensors;
  ok(mo_tensors_create(&tensors));
  ok(mo_tensors_set(tensors, name, tensor));
  mo_tensor_free(tensor);
  return tensors;
}

static mo_tensors *images(int64_t seed, int64_t batch) {
  int64_t dims[4] = {batch, 3, 8, 8};
  return one("image", ramp(seed, dims, 4));
}

/* ---------------------------------------------------------------------------------------------------------------------- the checks */

static void library(void) {
  line("version", mo_version());
  line_int("abi", mo_abi_version());
  char text[1024] = "";
  for (int32_t code = 1; strcmp(mo_error_name(code), "MO_ERR_UNKNOWN") != 0; ++code)
    sprintf(text + strlen(text), "%s%s=%d", code > 1 ? " " : "", mo_error_name(code) + strlen("MO_ERR_"), (int)code);
  line("error codes", text);
  line("element types",
       "FLOAT32=1 UINT8=2 INT8=3 UINT16=4 INT16=5 INT32=6 INT64=7 STRING=8 BOOL=9 FLOAT16=10 FLOAT64=11 UINT32=12 UINT64=13 COMPLEX64=14 "
       "COMPLEX128=15 BFLOAT16=16 FLOAT8E4M3FN=17 FLOAT8E4M3FNUZ=18 FLOAT8E5M2=19 FLOAT8E5M2FNUZ=20 UINT4=21 INT4=22 FLOAT4E2M1=23 "
       "FLOAT8E8M0=24 UINT2=25 INT2=26 FLOAT6E2M3=27 FLOAT6E3M2=28");
}

static void options(void) {
  mo_buffer *text;
  mo_options *o;
  ok(mo_options_describe_json(NULL, &text));
  line_buffer_hash("operations", text);
  ok(mo_options_describe_json("quantize", &text));
  line_buffer_hash("schema of quantize", text);
  line_error("schema of nothing", mo_options_describe_json("nothing", &text));

  const char *names[2] = {"first", "head"};
  ok(mo_options_create("quantize", &o));
  ok(mo_options_set_string(o, "calibration.method", "percentile"));
  ok(mo_options_set_double(o, "calibration.percentile", 99.5));
  ok(mo_options_set_bool(o, "activation_symmetric", 1));
  ok(mo_options_set_int(o, "seed", 7));
  ok(mo_options_set_strings(o, "exclude", names, 2));
  ok(mo_options_json(o, &text));
  line_buffer("options as JSON", text);
  line_error("unknown key", mo_options_set_int(o, "sead", 1));
  line_error("value out of range", mo_options_set_double(o, "calibration.percentile", 200));
  line_error("value not a choice", mo_options_set_string(o, "precision", "int7"));
  line_error("value of another type", mo_options_set_string(o, "seed", "many"));
  mo_options_free(o);
  ok(mo_options_create("quantize", &o));
  ok(mo_options_parse(o, "calibration:\n  method: mse\nexclude: [head]\n"));
  ok(mo_options_json(o, &text));
  line_buffer("options from YAML", text);
  line_error("malformed options", mo_options_parse(o, "{\"seed\": "));
  mo_options_free(o);
}

static void tensors(void) {
  int64_t dims[2] = {2, 3}, four = 4, three = 3, negative = -1;
  float data[6] = {0, 0.5f, -1, 2, 3.25f, -0.0f};
  mo_tensor *t, *u;
  mo_tensors *ts;
  ok(mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, data, sizeof data, &t));
  line_tensor("tensor of floats", t);
  data[0] = 9;
  ok(mo_tensor_write(t, data, sizeof data));
  line_tensor("tensor written to", t);
  line_error("read with a wrong size", mo_tensor_read(t, data, 20));
  line_error("too few bytes", mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, data, 20, &u));
  line_error("negative size", mo_tensor_create(MO_DTYPE_FLOAT32, &negative, 1, NULL, 0, &u));
  ok(mo_tensor_create(MO_DTYPE_INT64, &four, 1, NULL, 0, &u));
  line_tensor("zeros", u);
  mo_tensor_free(u);
  ok(mo_tensor_create(MO_DTYPE_FLOAT64, NULL, 0, &(double){2.5}, 8, &u));
  line_tensor("scalar", u);
  mo_tensor_free(u);
  ok(mo_tensor_create(MO_DTYPE_STRING, &three, 1, "a\0\0\xC3\xA9\xF0\x9F\x98\x80", 10, &u));
  line_tensor("texts", u);

  ok(mo_tensors_create(&ts));
  ok(mo_tensors_set(ts, "c", t));
  ok(mo_tensors_set(ts, "a", t));
  ok(mo_tensors_set(ts, "b", u));
  mo_tensor_free(u);
  line_names("names in order", ts);
  ok(mo_tensors_set(ts, "b", t));
  line_int("replaced, not added", mo_tensors_count(ts));
  line_named("tensor that replaced", ts, "b");
  line_error("name that is not there", mo_tensors_get(ts, "d", &u));
  line_error("empty name", mo_tensors_set(ts, "", t));
  ok(mo_tensors_save(ts, "tensors \xF0\x9F\x98\x80.npz"));
  mo_tensors_free(ts);
  ok(mo_tensors_load("tensors \xF0\x9F\x98\x80.npz", 0, &ts));
  line_names("saved and loaded on a path with an emoji", ts);
  line_named("tensor saved and loaded", ts, "a");
  mo_tensors_free(ts);
  mo_tensor_free(t);
  line_error("file that is not there", mo_tensors_load("missing.npz", 0, &ts));
}

static void models(const char *path, mo_model *model) {
  mo_model *other;
  mo_buffer *text, *again;
  ok(mo_model_describe_json(model, &text));
  line_buffer_hash("description", text);
  ok(mo_model_digest(model, &text));
  line_buffer("digest", text);
  line_port("input", mo_model_input(model, 0));
  line_port("output", mo_model_output(model, 0));
  int64_t size;
  void *bytes = read_all(path, &size);
  ok(mo_model_load_bytes(bytes, size, NULL, NULL, &other));
  ok(mo_model_digest(other, &again));
  line_buffer("digest of the same bytes", again);
  mo_model_free(other);
  line_error("half a file", mo_model_load_bytes(bytes, size / 2, NULL, NULL, &other));
  free(bytes);
  line_error("no model", mo_model_load("missing.onnx", NULL, &other));
  ok(mo_model_save(model, "saved.onnx", NULL));
  line_file("saved file", "saved.onnx");
  ok(mo_model_save_bytes(model, NULL, &text));
  line_buffer_hash("saved bytes", text);
  ok(mo_model_metadata_set(model, "author", "J\xC3\xBCrgen", &other));
  ok(mo_model_metadata_get(other, "author", &text));
  line_buffer("metadata", text);
  mo_model_free(other);
  line_error("metadata that is not there", mo_model_metadata_get(model, "author", &text));
}

static void sessions(mo_model *model, mo_model *add) {
  mo_session *s;
  mo_tensors *in, *out;
  mo_options *o;
  mo_buffer *text;
  int64_t dims[4] = {2, 3, 8, 7}, three = 3;
  float data[3] = {1.5f, -1, 0};
  mo_tensor *t;

  ok(mo_session_create(add, NULL, &s));
  ok(mo_tensor_create(MO_DTYPE_FLOAT32, &three, 1, data, sizeof data, &t));
  in = one("x", t);
  ok(mo_session_run(s, in, NULL, &out));
  line_names("outputs", out);
  line_named("one more than the input", out, "y");
  mo_tensors_free(out);
  ok(mo_tensor_create(MO_DTYPE_FLOAT32, &three, 1, NULL, 0, &t));
  out = one("y", t);
  ok(mo_session_run_into(s, in, NULL, out));
  line_named("written into a tensor", out, "y");
  mo_tensors_free(out);
  int64_t two = 2;
  ok(mo_tensor_create(MO_DTYPE_FLOAT32, &two, 1, NULL, 0, &t));
  out = one("y", t);
  line_error("written into a tensor of another shape", mo_session_run_into(s, in, NULL, out));
  mo_tensors_free(out);
  mo_tensors_free(in);
  ok(mo_tensor_create(MO_DTYPE_INT32, &three, 1, NULL, 0, &t));
  in = one("x", t);
  line_error("input of another type", mo_session_run(s, in, NULL, &out));
  mo_tensors_free(in);
  mo_session_free(s);

  ok(mo_options_create("session", &o));
  ok(mo_options_set_int(o, "threads", 1));
  ok(mo_session_create(model, o, &s));
  mo_options_free(o);
  in = images(1, 2);
  ok(mo_session_run(s, in, NULL, &out));
  line_named("scores", out, "scores");
  mo_tensors_free(out);
  ok(mo_session_run(s, in, NULL, &out));
  line_named("scores again", out, "scores");
  mo_tensors_free(out);
  ok(mo_session_explain_text(s, &text));
  line("explanation", strstr(mo_buffer_text(text), "first") ? "names the node" : "does not name the node"); /* it holds times, too */
  mo_buffer_free(text);
  mo_tensors_free(in);
  in = one("picture", ramp(1, dims, 4));
  line_error("input of another name", mo_session_run(s, in, NULL, &out));
  mo_tensors_free(in);
  in = one("image", ramp(1, dims, 4));
  line_error("input of another shape", mo_session_run(s, in, NULL, &out));
  mo_tensors_free(in);
  ok(mo_tensors_create(&in));
  line_error("no input", mo_session_run(s, in, NULL, &out));
  mo_tensors_free(in);
  mo_session_free(s);
}

static mo_dataset *samples(int64_t count, int64_t batch) {
  mo_tensors *arrays = images(5, count);
  mo_tensor *label;
  mo_options *o;
  mo_dataset *d;
  int64_t *truth = (int64_t *)malloc((size_t)count * sizeof *truth);
  for (int64_t i = 0; i < count; ++i) truth[i] = i % 10;
  ok(mo_tensor_create(MO_DTYPE_INT64, &count, 1, truth, count * 8, &label));
  ok(mo_tensors_set(arrays, "label", label));
  mo_tensor_free(label);
  free(truth);
  ok(mo_options_create("dataset", &o));
  ok(mo_options_set_int(o, "batch_size", batch));
  ok(mo_dataset_create(arrays, o, &d));
  mo_options_free(o);
  mo_tensors_free(arrays);
  return d;
}

static void datasets(void) {
  mo_dataset *d = samples(10, 4), *other;
  int64_t count;
  mo_tensors *in;
  mo_tensor *label;
  ok(mo_dataset_count(d, &count));
  line_int("samples", count);
  ok(mo_dataset_next(d, &in, &label));
  line_named("first batch", in, "image");
  line_tensor("its labels", label);
  mo_tensors_free(in);
  mo_tensor_free(label);
  int64_t batches = 1;
  for (;;) {
    ok(mo_dataset_next(d, &in, &label));
    if (!in) break;
    ++batches;
    mo_tensors_free(in);
    mo_tensor_free(label);
  }
  line_int("batches", batches);
  ok(mo_dataset_rewind(d));
  ok(mo_dataset_next(d, &in, &label));
  line_named("first batch after rewinding", in, "image");
  mo_tensors_free(in);
  mo_tensor_free(label);
  mo_dataset_free(d);
  line_error("data set that is not there", mo_dataset_open("missing.npz", NULL, &other));
}

static char stages[1000], stage_now[100];
static int32_t note(void *user, const char *stage, int64_t done, int64_t total) {
  (void)user, (void)done, (void)total;
  if (strcmp(stage_now, stage) != 0) sprintf(stages + strlen(stages), "%s%s", stages[0] ? ", " : "", stage);
  snprintf(stage_now, sizeof stage_now, "%s", stage);
  return 0;
}
static int32_t refuse(void *user, const char *stage, int64_t done, int64_t total) {
  (void)user, (void)stage, (void)done, (void)total;
  return 1;
}

static void quantization(mo_model *model, mo_model *add) {
  mo_calibration *all, *half, *other;
  mo_model *small;
  mo_report *report;
  mo_options *o;
  mo_control *control;
  mo_buffer *bytes;
  ok(mo_calibration_create(model, NULL, &all));
  line_error("calibration without data", mo_quantize(model, all, NULL, NULL, &small, NULL));
  line_error("no calibration", mo_quantize(model, NULL, NULL, NULL, &small, NULL));
  ok(mo_calibration_create(model, NULL, &half));
  for (int64_t i = 0; i < 4; ++i) {
    mo_tensors *in = images(i, 4);
    ok(mo_calibration_feed(i < 2 ? all : half, in, NULL));
    mo_tensors_free(in);
  }
  line_int("samples fed", mo_calibration_count(all));
  ok(mo_calibration_merge(all, half));
  line_int("samples after merging", mo_calibration_count(all));
  mo_calibration_free(half);
  ok(mo_calibration_save(all, "statistics"));
  line_file("saved statistics", "statistics");
  line_error("statistics of another model", mo_calibration_load("statistics", add, &other));
  ok(mo_calibration_load("statistics", model, &other));
  line_int("samples loaded", mo_calibration_count(other));
  mo_calibration_free(other);

  ok(mo_options_create("quantize", &o));
  ok(mo_options_set_int(o, "threads", 1));
  ok(mo_control_create(note, NULL, &control));
  ok(mo_quantize(model, all, o, control, &small, &report));
  mo_control_free(control);
  line("stages", stages);
  line_int("quantize passed", mo_report_passed(report));
  mo_report_free(report);
  ok(mo_model_save_bytes(small, NULL, &bytes));
  line_buffer_hash("int8 model", bytes);
  mo_session *s;
  mo_tensors *in = images(1, 2), *out;
  ok(mo_session_create(small, NULL, &s));
  ok(mo_session_run(s, in, NULL, &out));
  line_named("scores of the int8 model", out, "scores");
  mo_tensors_free(out);
  mo_tensors_free(in);
  mo_session_free(s);
  mo_model_free(small);

  ok(mo_control_create(refuse, NULL, &control));
  line_error("progress that cancels", mo_quantize(model, all, o, control, &small, NULL));
  mo_control_free(control);
  ok(mo_control_create(NULL, NULL, &control));
  mo_control_cancel(control);
  line_error("cancelled before", mo_quantize(model, all, o, control, &small, NULL));
  mo_control_free(control);
  ok(mo_control_create(NULL, NULL, &control));
  ok(mo_control_set_deadline(control, 1e-9));
  line_error("deadline passed", mo_quantize(model, all, o, control, &small, NULL));
  mo_control_free(control);
  mo_options_free(o);
  ok(mo_options_create("quantize", &o));
  ok(mo_options_set_string(o, "precision", "fp16"));
  ok(mo_quantize(model, NULL, o, NULL, &small, NULL));
  mo_options_free(o);
  ok(mo_model_save_bytes(small, NULL, &bytes));
  line_buffer_hash("fp16 model", bytes);
  mo_model_free(small);
  mo_calibration_free(all);
}

static void measures(mo_model *model) {
  mo_dataset *d = samples(10, 4);
  mo_report *report;
  mo_options *o;
  ok(mo_options_create("evaluate", &o));
  ok(mo_options_set_double(o, "minimum", 0.99));
  ok(mo_evaluate(model, d, o, NULL, &report));
  mo_options_free(o);
  line_int("gate met", mo_report_passed(report));
  mo_report_free(report);
  ok(mo_options_create("compare", &o));
  ok(mo_options_set_double(o, "seconds", 0.01));
  ok(mo_compare(model, model, d, o, NULL, &report));
  mo_options_free(o);
  line_int("compare passed", mo_report_passed(report));
  mo_report_free(report);
  ok(mo_options_create("benchmark", &o));
  ok(mo_options_set_int(o, "runs", 3));
  ok(mo_benchmark(model, NULL, o, NULL, &report));
  mo_options_free(o);
  line_int("benchmark passed", mo_report_passed(report));
  mo_report_free(report);
  mo_dataset_free(d);
}

static const char *refused(mo_error *error) {
  const char *answer = error ? "refused" : "accepted";
  mo_error_free(error);
  return answer;
}

/* other languages: objects after closing them, and closing them again */
static void closed(void) {
  mo_tensors *in = images(1, 1), *out;
  mo_buffer *text;
  line("run of a closed session", refused(mo_session_run(NULL, in, NULL, &out)));
  line("description of a closed model", refused(mo_model_describe_json(NULL, &text)));
  line("closed calibration fed", refused(mo_calibration_feed(NULL, in, NULL)));
  mo_tensors_free(in);
  mo_session_free(NULL);
  line("closed twice", "ok");
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: conformance MODELS\n");
    return 2;
  }
  char path[2][4096];
  mo_model *model, *add;
  snprintf(path[0], sizeof path[0], "%s/classifier.onnx", argv[1]);
  snprintf(path[1], sizeof path[1], "%s/add.onnx", argv[1]);
  library();
  options();
  tensors();
  ok(mo_model_load(path[0], NULL, &model));
  ok(mo_model_load(path[1], NULL, &add));
  models(path[0], model);
  sessions(model, add);
  datasets();
  quantization(model, add);
  measures(model);
  closed();
  mo_model_free(add);
  mo_model_free(model);
  printf("%d checks\n", number);
  return 0;
}
