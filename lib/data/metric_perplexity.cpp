// exp of the mean negative log-likelihood of the true class; the outputs are logits.
#include <cmath>

#include "data/class_scores.h"

namespace mo::data {

namespace {

class Perplexity : public Metric {
 public:
  explicit Perplexity(std::string output) : output_(std::move(output)) {}
  void add(const NamedOutputs& outputs, const Batch& batch) override {
    samples +=
        for_each_labelled(judged_output(outputs, output_), batch.label, [&](const float* scores, int64_t stride, int64_t classes, int64_t truth) {
          total_ += negative_log_likelihood(scores, stride, classes, truth);
        });
  }
  double value() const override { return samples ? std::exp(total_ / static_cast<double>(samples)) : 0; }

 private:
  std::string output_;
  double total_ = 0;
};

}  // namespace

extern const MetricDef metric_perplexity{"perplexity", "exp of the cross entropy of logits", false,
                                         [](const std::string& output) -> std::unique_ptr<Metric> { return std::make_unique<Perplexity>(output); }};

}  // namespace mo::data
