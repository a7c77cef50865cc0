/* benchmark.c: measures a model on this machine: latency, throughput, memory. Ctrl-C and a deadline end it early.
 *
 *   cc -std=c99 benchmark.c -lmo -o benchmark
 *   ./benchmark model.onnx [seconds]
 */
#include <mo/mo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static mo_control *control;

static void interrupted(int signal_number) {
  (void)signal_number;
  mo_control_cancel(control); /* may be called from a signal handler */
}

static mo_error *measure(const char *path, const char *seconds) {
  mo_model *model = NULL;
  mo_options *options = NULL;
  mo_report *report = NULL;
  mo_error *error = mo_control_create(NULL, NULL, &control);
  if (!error) error = mo_control_set_deadline(control, 60);
  if (!error) signal(SIGINT, interrupted);
  if (!error) error = mo_model_load(path, NULL, &model);
  if (!error) error = mo_options_create("benchmark", &options);
  if (!error) error = mo_options_set_int(options, "threads", 1);
  if (!error) error = mo_options_set_double(options, "seconds", atof(seconds));
  if (!error) error = mo_benchmark(model, NULL, options, control, &report);
  if (!error) printf("%s%s\n", mo_report_text(report), mo_report_json(report));
  mo_report_free(report);
  mo_options_free(options);
  mo_model_free(model);
  signal(SIGINT, SIG_DFL); /* before what the handler uses goes */
  mo_control_free(control);
  return error;
}

int main(int argc, char **argv) {
  mo_error *error;
  if (argc < 2) {
    fprintf(stderr, "usage: benchmark model.onnx [seconds]\n");
    return 2;
  }
  error = measure(argv[1], argc > 2 ? argv[2] : "3");
  if (!error) return 0;
  fprintf(stderr, "%s: %s\n", mo_error_name(mo_error_code(error)), mo_error_message(error));
  mo_error_free(error);
  return 1;
}
