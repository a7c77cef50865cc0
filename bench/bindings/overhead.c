/* The cost of a session run on one element in C: the floor that the bindings are measured against. overhead.py says what it answers.
 * usage: overhead ADD_MODEL */
#include <mo/mo.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { k_batches = 50, k_runs = 1000 };

/* every allocation of the process passes here, libmo's too */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
static volatile long allocations;
void *malloc(size_t size) { return ++allocations, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return ++allocations, __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return ++allocations, __libc_realloc(memory, size); }
void *memalign(size_t align, size_t size) { return ++allocations, __libc_memalign(align, size); }
void *aligned_alloc(size_t align, size_t size) { return ++allocations, __libc_memalign(align, size); }
int posix_memalign(void **out, size_t align, size_t size) {
  ++allocations;
  *out = __libc_memalign(align, size);
  return *out ? 0 : ENOMEM;
}

static void ok(mo_error *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", mo_error_message(error));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

static mo_tensors *one(const char *name) {
  int64_t dim = 1;
  mo_tensor *tensor;
  mo_tensors *tensors;
  ok(mo_tensor_create(MO_DTYPE_FLOAT32, &dim, 1, NULL, 0, &tensor));
  ok(mo_tensors_create(&tensors));
  ok(mo_tensors_set(tensors, name, tensor));
  mo_tensor_free(tensor);
  return tensors;
}

int main(int argc, char **argv) {
  static double times[k_batches];
  mo_model *model;
  mo_options *options;
  mo_session *session;
  if (argc != 2) return 2;
  ok(mo_model_load(argv[1], NULL, &model));
  ok(mo_options_create("session", &options));
  ok(mo_options_set_int(options, "threads", 1));
  ok(mo_session_create(model, options, &session));
  mo_tensors *in = one("x"), *out = one("y");
  for (int c = getchar(); c != EOF; c = getchar()) {
    if (c != '\n') continue;
    long before = allocations;
    for (int batch = 0; batch < k_batches; ++batch) {
      double begin = now();
      for (int i = 0; i < k_runs; ++i) ok(mo_session_run_into(session, in, NULL, out));
      times[batch] = (now() - begin) / k_runs;
    }
    long made = allocations - before;
    qsort(times, k_batches, sizeof *times, ascending);
    printf("%.1f %.4f allocations\n", times[k_batches / 2], (double)made / (k_batches * k_runs));
    fflush(stdout);
  }
  mo_tensors_free(in);
  mo_tensors_free(out);
  mo_session_free(session);
  mo_options_free(options);
  mo_model_free(model);
  return 0;
}
