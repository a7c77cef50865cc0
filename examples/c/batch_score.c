/* batch_score.c: scores many rows with POSIX threads: one session for all of them, and per thread buffers that are used again, so that a run
 * neither copies nor allocates.
 *
 *   cc -std=c99 batch_score.c -lmo -pthread -o batch_score
 *   ./batch_score model.onnx [rows]
 */
#include <inttypes.h>
#include <mo/mo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { k_threads = 4, k_most_classes = 1000 };

typedef struct {
  mo_session *session;
  const mo_port *input, *output;
  int64_t first, last; /* the rows of this thread */
  int64_t votes[k_most_classes];
  mo_error *error;
} Worker;

/* A row's memory, and a collection with a tensor that lies on it. The first dimension is the batch. */
static mo_error *row_of(const mo_port *port, float **memory, int64_t *size, mo_tensors **out) {
  int64_t rank = mo_port_rank(port), dims[8], i;
  mo_tensor *tensor = NULL;
  mo_error *error;
  for (*size = 1, i = 0; i < rank && i < 8; ++i) *size *= dims[i] = i == 0 ? 1 : mo_port_dims(port)[i];
  *memory = calloc((size_t)*size, sizeof **memory);
  error = mo_tensor_view(MO_DTYPE_FLOAT32, dims, rank, *memory, *size * (int64_t)sizeof **memory, &tensor);
  if (!error) error = mo_tensors_create(out);
  if (!error) error = mo_tensors_set(*out, mo_port_name(port), tensor);
  mo_tensor_free(tensor);
  return error;
}

static void *work(void *argument) {
  Worker *worker = argument;
  float *row = NULL, *scores = NULL;
  int64_t width = 0, classes = 0, i, k, best;
  mo_tensors *inputs = NULL, *outputs = NULL;
  mo_error *error = row_of(worker->input, &row, &width, &inputs);
  if (!error) error = row_of(worker->output, &scores, &classes, &outputs);
  for (i = worker->first; !error && i < worker->last; ++i) {
    uint32_t state = (uint32_t)i + 1; /* rows of your own come from a file, a socket, a queue */
    for (k = 0; k < width; ++k) row[k] = (float)((state = state * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1.0f;
    error = mo_session_run_into(worker->session, inputs, NULL, outputs);
    for (best = 0, k = 1; !error && k < classes; ++k) best = scores[k] > scores[best] ? k : best;
    if (!error && best < k_most_classes) ++worker->votes[best];
  }
  mo_tensors_free(outputs);
  mo_tensors_free(inputs);
  free(scores);
  free(row);
  worker->error = error;
  return NULL;
}

static mo_error *score(const mo_model *model, mo_session *session, int64_t rows) {
  static Worker workers[k_threads];
  pthread_t threads[k_threads];
  int64_t total, k;
  mo_error *error = NULL;
  int t;
  for (t = 0; t < k_threads; ++t) {
    workers[t].session = session; /* the model keeps the ports */
    workers[t].input = mo_model_input(model, 0);
    workers[t].output = mo_model_output(model, 0);
    workers[t].first = rows * t / k_threads;
    workers[t].last = rows * (t + 1) / k_threads;
    if (pthread_create(&threads[t], NULL, work, &workers[t])) exit(1);
  }
  for (t = 0; t < k_threads; ++t) {
    pthread_join(threads[t], NULL);
    if (error) mo_error_free(workers[t].error); /* the first one is told */
    else error = workers[t].error;
  }
  for (k = 0; !error && k < k_most_classes; ++k) {
    for (total = 0, t = 0; t < k_threads; ++t) total += workers[t].votes[k];
    if (total) printf("class %" PRId64 ": %" PRId64 " rows\n", k, total);
  }
  return error;
}

int main(int argc, char **argv) {
  mo_model *model = NULL;
  mo_options *options = NULL;
  mo_session *session = NULL;
  mo_error *error;
  if (argc < 2) {
    fprintf(stderr, "usage: batch_score model.onnx [rows]\n");
    return 2;
  }
  error = mo_model_load(argv[1], NULL, &model);
  if (!error) error = mo_options_create("session", &options);
  if (!error) error = mo_options_set_int(options, "threads", 1); /* the rows run in parallel, not their parts */
  if (!error) error = mo_session_create(model, options, &session);
  if (!error) error = score(model, session, argc > 2 ? atoll(argv[2]) : 1000);
  mo_session_free(session);
  mo_options_free(options);
  mo_model_free(model);
  if (!error) return 0;
  fprintf(stderr, "%s: %s\n", mo_error_name(mo_error_code(error)), mo_error_message(error));
  mo_error_free(error);
  return 1;
}
