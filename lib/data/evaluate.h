// Judging a model on a data set.
#pragma once
#include "data/bind.h"
#include "data/bootstrap.h"

namespace mo::data {

struct Evaluation {
  std::string metric;
  double value = 0;
  bool higher_is_better = true;
  int64_t samples = 0;
  double seconds = 0;                // spent in the model's runs alone
  std::vector<Share> each;           // what each sample adds, when asked for
  std::optional<Interval> interval;  // of the value, when asked for
};

// Runs the data set from its start through the session. When the model takes a fixed batch size, batches must have it; a shorter last
// one is padded by repeating its last sample and the padding is cut off the outputs again. Throws Code::invalid_argument for an empty data set.
// keep_each: keep what each sample adds to the metric.
Evaluation evaluate(const runtime::Session& session, Dataset& dataset, const MetricDef& metric, const std::string& output, Control* control,
                    bool keep_each = false);

// One batch through the session: outputs in the model's order, padding handled as above.
std::vector<std::pair<std::string, Tensor>> run_batch(const runtime::Session& session, const Batch& batch, const runtime::RunOptions& options = {});

}  // namespace mo::data
