// Bootstrap intervals: how much of a metric, or of two models' difference in it, is chance in the choice of the samples.
#pragma once
#include <optional>

#include "data/metric.h"

namespace mo {
class Control;
}

namespace mo::data {

struct BootstrapOptions {
  int64_t resamples = 2000;  // 0: no interval
  double confidence = 0.95;
  uint64_t seed = 0;
};

struct Interval {
  double low = 0, high = 0;  // NaN when a resampled metric is not a finite number
  double confidence = 0;
  int64_t resamples = 0, samples = 0;
  uint64_t seed = 0;
  double below = 0;  // share of resamples whose value is below 0
  bool holds(double value) const { return !(value < low) && !(value > high); }
};

// Percentile interval [1, chapter 13] of the metric, from what each sample adds to it. Samples that add nothing (no label) are left out; none
// is returned for fewer than two samples or no resamples. Equal arguments give equal numbers on every machine.
std::optional<Interval> bootstrap(const MetricDef& metric, std::span<const Share> each, const BootstrapOptions& options, Control* control);

// The same of metric(b) - metric(a), both judged on the same samples in the same order: each resample draws pairs, so that what makes a
// sample hard for both does not count [2].
//   1. B. Efron, R. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993.
//   2. P. Koehn, Statistical Significance Tests for Machine Translation Evaluation, EMNLP 2004.
std::optional<Interval> paired_bootstrap(const MetricDef& metric, std::span<const Share> a, std::span<const Share> b, const BootstrapOptions& options,
                                         Control* control);

}  // namespace mo::data
