// Share of samples whose highest score is the true class; among equal scores the lowest class number wins.
#include "data/class_scores.h"

namespace mo::data {

namespace {

class Top1 : public Metric {
 public:
  explicit Top1(std::string output) : output_(std::move(output)) {}
  void add(const NamedOutputs& outputs, const Batch& batch) override {
    samples +=
        for_each_labelled(judged_output(outputs, output_), batch.label, [&](const float* scores, int64_t stride, int64_t classes, int64_t truth) {
          int64_t better = 0;
          for (int64_t c = 0; c < classes; ++c)
            better += scores[c * stride] > scores[truth * stride] || (scores[c * stride] == scores[truth * stride] && c < truth);
          hits_ += better < 1 && scores[truth * stride] == scores[truth * stride];  // NaN is never right
        });
  }
  double value() const override { return samples ? static_cast<double>(hits_) / static_cast<double>(samples) : 0; }

 private:
  std::string output_;
  int64_t hits_ = 0;
};

}  // namespace

extern const MetricDef metric_top1{"top1", "share of samples whose best-scored class is the true one", true,
                                   [](const std::string& output) -> std::unique_ptr<Metric> { return std::make_unique<Top1>(output); }};

}  // namespace mo::data
