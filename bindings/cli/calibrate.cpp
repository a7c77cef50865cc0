// Calibration data batch by batch; test data with a part of their own.
#include "calibrate.h"

#include "terminal.h"

namespace cli {

void feed_calibration(mo_calibration* calibration, mo_dataset* dataset, const std::string& data_path, const std::string& model_path) {
  int64_t total = 0;
  check(mo_dataset_count(dataset, &total), data_path);
  while (true) {
    auto inputs = make<mo_tensors>(data_path, [&](mo_tensors** out) { return mo_dataset_next(dataset, out, nullptr); });
    if (!inputs) break;
    check(mo_calibration_feed(calibration, inputs.get(), control()), model_path);
    show_progress("calibrate", mo_calibration_count(calibration), total > 0 ? total : 0);
    if (interrupted()) throw Failure(k_interrupted, "interrupted");
  }
}

void TestData::add(CLI::App& app) {
  const char* group = "Data to judge on";
  app.add_option("--test-data", path_, "Data set with labels on which models are judged; it should not be the one calibrated on")
      ->option_text("DATA")
      ->group(group);
  app.add_option("--test-skip", skip_, "Samples of it left out at the start [0]")->group(group);
  app.add_option("--test-samples", samples_, "Samples of it used, after the skipped ones; -1: all [-1]")->group(group);
  app.add_option("--test-batch-size", batch_size_, "Samples in one batch of it [1]")->group(group);
}

Own<mo_dataset> TestData::open() const {
  if (path_.empty()) return nullptr;
  auto options = make<mo_options>("", [](mo_options** out) { return mo_options_create("dataset", out); });
  check(mo_options_set_int(options.get(), "skip", skip_), "", k_usage);
  check(mo_options_set_int(options.get(), "samples", samples_), "", k_usage);
  check(mo_options_set_int(options.get(), "batch_size", batch_size_), "", k_usage);
  return make<mo_dataset>(path_, [&](mo_dataset** out) { return mo_dataset_open(path_.c_str(), options.get(), out); });
}

}  // namespace cli
