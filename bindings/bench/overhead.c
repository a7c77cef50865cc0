/* What one run of a one-element model costs in C, in processor time: the measure for the other languages. usage: overhead MODELS */
#include <mo/mo.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void ok(mo_error *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", mo_error_message(error));
  exit(1);
}

static mo_tensors *one(const char *name, float *memory) {
  int64_t size = 1;
  mo_tensor *tensor;
  mo_tensors *tensors;
  ok(mo_tensor_view(MO_DTYPE_FLOAT32, &size, 1, memory, 4, &tensor));
  ok(mo_tensors_create(&tensors));
  ok(mo_tensors_set(tensors, name, tensor));
  mo_tensor_free(tensor);
  return tensors;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  char path[4096];
  snprintf(path, sizeof path, "%s/add.onnx", argv[1]);
  mo_model *model;
  mo_session *session;
  mo_options *options;
  ok(mo_model_load(path, NULL, &model));
  ok(mo_options_create("session", &options));
  ok(mo_options_set_int(options, "threads", 1));
  ok(mo_session_create(model, options, &session));
  float x = 1, y = 0;
  mo_tensors *in = one("x", &x), *out = one("y", &y);
  double best = 1e18;
  for (int round = 0; round < 10; ++round) {
    double start = now();
    for (int i = 0; i < 200000; ++i) ok(mo_session_run_into(session, in, NULL, out));
    double took = (now() - start) / 200000;
    if (took < best) best = took;
  }
  printf("run_into %.0f ns (result %g)\n", best, (double)y);
  return 0;
}
