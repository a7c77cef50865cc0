// Feeding a calibration, and the data that models are judged on.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "handles.h"

namespace cli {

void feed_calibration(mo_calibration* calibration, mo_dataset* dataset, const std::string& data_path, const std::string& model_path);

// --test-data and what part of it; its own flags, because --data calibrates.
class TestData {
 public:
  void add(CLI::App& app);
  Own<mo_dataset> open() const;  // null when not given
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int64_t skip_ = 0, samples_ = -1, batch_size_ = 1;
};

}  // namespace cli
