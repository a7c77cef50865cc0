// Quantization towards a goal: the most integers that keep a metric, a size and a latency.
#pragma once
#include "search/fallback.h"
#include "search/faster.h"
#include "search/mixed.h"

namespace mo::search {

struct Goal {
  std::optional<double> max_drop;                           // of the metric, in its unit
  bool relative = false;                                    // max_drop is a share of the float form's metric
  std::optional<double> max_bytes;                          // of the weights
  std::optional<double> max_ms;                             // of one run on the timing inputs, median
  std::optional<double> max_size_ratio, max_latency_ratio;  // the same against the float form
  std::string minimize = "time";                            // time or size: what is gained where several precisions keep the goal
  bool trim = true;                                         // after the bisection, try what went back as integers again
  bool keep_slower = false;
  int64_t max_evaluations = 0;  // of the metric; 0: half as many as there are units, at least 12
  double time_limit = 0;        // seconds, 0: none
  SpaceOptions space;
  SensitivityOptions sensitivity;
  TimingOptions timing;
};

// Everything a report tells of a search.
struct Outcome {
  quantize::Result result;
  std::vector<std::string> precisions;
  std::vector<Unit> units;
  Assignment assignment;
  std::vector<std::string> reasons;  // per unit: why it is in float, "" when it is not
  std::vector<Sensitivity> sensitivities;
  std::string measure;          // what harm is
  std::vector<UnitTime> times;  // in float and as quantized in the end
  std::optional<Faster> faster;
  std::vector<Trial> trials;
  std::string metric;
  bool higher_is_better = true;
  std::optional<double> float_score, score, drop, max_drop;
  int64_t evaluations = 0;
  std::optional<double> max_bytes, bytes, max_ms, ms;
  double float_ms = 0, float_bytes = 0;
  bool mixed = false, proven = false;  // chosen by the knapsack, with proof that none is better for the measured costs
  bool met = true, stopped = false;    // the goal; a limit ended the search
  double seconds = 0;
};

// samples: for the sensitivities; inputs: for the timing, by position. judge may be empty when no drop is limited.
Outcome run(const graph::Model& model, const quantize::Calibration* calibration, const quantize::Options& options, const Goal& goal,
            const Judge& judge, const std::vector<runtime::Named>& samples, std::span<const Datum> inputs, Control* control);

}  // namespace mo::search
