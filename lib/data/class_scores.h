// Metrics of class scores: the one place that knows which axis of an output holds the classes.
#pragma once
#include "data/metric.h"

namespace mo::data {

using NamedOutputs = std::vector<std::pair<std::string, Tensor>>;

// The output a metric judges: the named one, or the first.
const Tensor& judged_output(const NamedOutputs& outputs, const std::string& name);

// How many of the samples of a batch the first axis of a label (or output) of this shape tells apart: all of them, else one for all.
int64_t told_apart(const Tensor& t, const Batch& batch);

// The mean of `score` over all labelled positions. The class axis is the last one when the other axes match the label
// (logits [n, t, c] with label [n, t]), else axis 1 ([n, c, h, w] with [n, h, w]); trailing axes of size 1 do not count. Negative
// labels are skipped ("ignore").
class ClassMetric : public Metric {
 public:
  using Score = double (*)(const float* scores, int64_t stride, int64_t classes, int64_t truth);
  ClassMetric(std::string output, Score score) : output_(std::move(output)), score_(score) {}
  void add(const NamedOutputs& outputs, const Batch& batch) override;

 private:
  std::string output_;
  Score score_;
};

template <ClassMetric::Score score>
std::unique_ptr<Metric> class_metric(const std::string& output) {
  return std::make_unique<ClassMetric>(output, score);
}

// -log softmax(scores)[truth], in nats.
double negative_log_likelihood(const float* scores, int64_t stride, int64_t classes, int64_t truth);

// 1 when the true class is among the `first` best scored; among equal scores the lowest class number wins, and NaN is never right.
template <int64_t first>
double among_best(const float* scores, int64_t stride, int64_t classes, int64_t truth) {
  int64_t better = 0;
  float own = scores[truth * stride];
  for (int64_t c = 0; c < classes; ++c) better += scores[c * stride] > own || (scores[c * stride] == own && c < truth);
  return better < first && own == own ? 1 : 0;
}

}  // namespace mo::data
