// Measurements that several calls of the C interface share: a model's facts, its latency, its metric.
#pragma once
#include "api/model.h"
#include "api/options.h"
#include "data/dataset.h"
#include "report/report.h"

namespace mo::api {

report::Side side_of(const mo_model& model);  // digest, counts, file size; nothing measured

struct LatencyWish {
  int threads = 1;
  bool bf16 = false;
  double seconds = 1;
  std::vector<std::string> shapes;
  int64_t batch = 1;
  uint64_t seed = 0;
  int64_t runs = 0;  // exactly so many when positive
  int64_t warmup = 2;
};
// Fills side.latency and side.memory. inputs: by position, made up when empty.
void measure_latency(report::Side& side, const mo_model& model, const LatencyWish& wish, std::span<const Datum> inputs, Control* control);

void measure_metric(report::Side& side, const mo_model& model, data::Dataset& dataset, const std::string& metric, const std::string& output,
                    int threads, Control* control, bool keep_each = false);

data::BootstrapOptions bootstrap_of(const OptionSet& options);  // "evaluate", "compare"

}  // namespace mo::api
