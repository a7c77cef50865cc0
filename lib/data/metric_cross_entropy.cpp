// Mean negative log-likelihood of the true class in nats; the outputs are logits (log-probabilities are logits too).
#include "data/class_scores.h"

namespace mo::data {

namespace {

class CrossEntropy : public Metric {
 public:
  explicit CrossEntropy(std::string output) : output_(std::move(output)) {}
  void add(const NamedOutputs& outputs, const Batch& batch) override {
    samples +=
        for_each_labelled(judged_output(outputs, output_), batch.label, [&](const float* scores, int64_t stride, int64_t classes, int64_t truth) {
          total_ += negative_log_likelihood(scores, stride, classes, truth);
        });
  }
  double value() const override { return samples ? total_ / static_cast<double>(samples) : 0; }

 private:
  std::string output_;
  double total_ = 0;
};

}  // namespace

extern const MetricDef metric_cross_entropy{
    "cross_entropy", "mean of -log softmax(logits)[truth], in nats", false,
    [](const std::string& output) -> std::unique_ptr<Metric> { return std::make_unique<CrossEntropy>(output); }};

}  // namespace mo::data
