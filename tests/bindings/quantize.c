/* Quantizes a model with the first samples of a data set and default options; what every binding's bytes are compared with.
 * usage: quantize MODEL DATA SAMPLES OUT */
#include <stdio.h>
#include <stdlib.h>

#include "mo/mo.h"

static void ok(mo_error *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", mo_error_message(error));
  exit(1);
}

int main(int argc, char **argv) {
  mo_model *model, *small;
  mo_calibration *calibration;
  mo_options *options;
  mo_dataset *data;
  mo_tensors *inputs;
  mo_tensor *label;
  if (argc != 5) return 2;
  ok(mo_model_load(argv[1], NULL, &model));
  ok(mo_options_create("dataset", &options));
  ok(mo_options_set_int(options, "samples", atoi(argv[3])));
  ok(mo_dataset_open(argv[2], options, &data));
  ok(mo_calibration_create(model, NULL, &calibration));
  for (;;) {
    ok(mo_dataset_next(data, &inputs, &label));
    if (!inputs) break;
    ok(mo_calibration_feed(calibration, inputs, NULL));
    mo_tensors_free(inputs);
    mo_tensor_free(label);
  }
  ok(mo_quantize(model, calibration, NULL, NULL, &small, NULL));
  ok(mo_model_save(small, argv[4], NULL));
  mo_model_free(small);
  mo_calibration_free(calibration);
  mo_dataset_free(data);
  mo_options_free(options);
  mo_model_free(model);
  return 0;
}
