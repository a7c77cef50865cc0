/* quantize.c: loads an ONNX model, calibrates it on data, makes it int8, saves it, and shows what that cost and gained.
 *
 *   cc -std=c99 quantize.c -lmo -o quantize
 *   ./quantize model.onnx calibration-data test-data out.onnx
 *
 * Data are what mo_dataset_open takes: an .npz, a folder of samples, or a data set .yaml.
 */
#include <inttypes.h>
#include <mo/mo.h>
#include <stdio.h>

/* Prints an error, frees it, and says whether there was one. */
static int failed(const char *doing, mo_error *error) {
  if (!error) return 0;
  fprintf(stderr, "%s: %s: %s\n", doing, mo_error_name(mo_error_code(error)), mo_error_message(error));
  if (mo_error_node(error)[0]) fprintf(stderr, "  at node %s (%s)\n", mo_error_node(error), mo_error_op(error));
  mo_error_free(error);
  return 1;
}

static int32_t show_progress(void *user, const char *stage, int64_t done, int64_t total) {
  (void)user;
  if (total > 0 && done == total) fprintf(stderr, "%s: %" PRId64 " done\n", stage, done);
  return 0; /* anything else cancels */
}

static mo_error *open_data(const char *path, const char *samples, mo_dataset **out) {
  mo_options *options = NULL;
  mo_error *error = mo_options_create("dataset", &options);
  *out = NULL;
  if (!error) error = mo_options_set_string(options, "samples", samples);
  if (!error) error = mo_dataset_open(path, options, out);
  mo_options_free(options);
  return error;
}

/* Feeds every batch of the data set to the calibration. The loop is the caller's: the data may come from anywhere. */
static mo_error *feed_all(mo_calibration *calibration, mo_dataset *data, mo_control *control) {
  for (;;) {
    mo_tensors *inputs = NULL;
    mo_error *error = mo_dataset_next(data, &inputs, NULL);
    if (error || !inputs) return error; /* at the end there is neither error nor batch */
    error = mo_calibration_feed(calibration, inputs, control);
    mo_tensors_free(inputs);
    if (error) return error;
  }
}

static mo_error *quantize(const mo_model *model, const mo_calibration *calibration, mo_control *control, mo_model **out, mo_report **report) {
  mo_options *options = NULL;
  mo_error *error = mo_options_create("quantize", &options);
  *out = NULL;
  *report = NULL;
  if (!error) error = mo_options_parse(options, "{\"precision\": \"int8\", \"calibration\": {\"method\": \"entropy\"}}");
  if (!error) error = mo_quantize(model, calibration, options, control, out, report);
  mo_options_free(options);
  return error;
}

static mo_error *benchmark(const mo_model *model, mo_control *control, mo_report **out) {
  mo_options *options = NULL;
  mo_error *error = mo_options_create("benchmark", &options);
  *out = NULL;
  if (!error) error = mo_options_set_double(options, "seconds", 0.5);
  if (!error) error = mo_benchmark(model, NULL, options, control, out);
  mo_options_free(options);
  return error;
}

/* Accuracy and speed of one model. */
static int judge(const char *name, const mo_model *model, mo_dataset *test, mo_control *control) {
  mo_report *quality = NULL, *speed = NULL;
  int bad = failed("evaluate", mo_evaluate(model, test, NULL, control, &quality)) || failed("benchmark", benchmark(model, control, &speed));
  if (!bad) printf("\n%s\n%s%s", name, mo_report_text(quality), mo_report_text(speed));
  mo_report_free(quality);
  mo_report_free(speed);
  return bad;
}

int main(int argc, char **argv) {
  mo_control *control = NULL;
  mo_model *model = NULL, *small = NULL;
  mo_dataset *data = NULL, *test = NULL;
  mo_calibration *calibration = NULL;
  mo_report *report = NULL;
  int bad;
  if (argc != 5) {
    fprintf(stderr, "usage: %s MODEL CALIBRATION_DATA TEST_DATA OUTPUT\n", argv[0]);
    return 2;
  }
  if (mo_abi_version() != MO_ABI_VERSION) {
    fprintf(stderr, "libmo %s is not the one this program was written for\n", mo_version());
    return 1;
  }
  bad = failed("control", mo_control_create(show_progress, NULL, &control)) || failed("load", mo_model_load(argv[1], NULL, &model)) ||
        failed("data", open_data(argv[2], "128", &data)) || failed("data", open_data(argv[3], "-1", &test)) ||
        failed("calibration", mo_calibration_create(model, NULL, &calibration)) || failed("calibration", feed_all(calibration, data, control)) ||
        failed("quantize", quantize(model, calibration, control, &small, &report)) || failed("save", mo_model_save(small, argv[4], NULL));
  if (!bad) {
    printf("%s", mo_report_text(report));
    bad = judge("before", model, test, control) || judge("after", small, test, control);
  }
  mo_report_free(report);
  mo_calibration_free(calibration);
  mo_dataset_free(test);
  mo_dataset_free(data);
  mo_model_free(small);
  mo_model_free(model);
  mo_control_free(control);
  return bad;
}
