// The mean over all elements of what `Error` makes of output minus label; the label has the output's shape.
#pragma once
#include "data/class_scores.h"

namespace mo::data {

template <double (*Error)(double)>
class MeanError : public Metric {
 public:
  explicit MeanError(std::string output) : output_(std::move(output)) {}
  void add(const NamedOutputs& outputs, const Batch& batch) override {
    const Tensor& y = judged_output(outputs, output_);
    require(!batch.label.empty(), Code::invalid_argument, "the data set has no labels");
    require(y.size() == batch.label.size(), Code::shape, "output ", y.shape(), " and label ", batch.label.shape(), " do not fit");
    std::vector<Share> shares(static_cast<size_t>(told_apart(batch.label, batch)));
    int64_t of_each = std::max<int64_t>(1, y.size() / static_cast<int64_t>(shares.size()));
    for (int64_t i = 0; i < y.size(); ++i) shares[static_cast<size_t>(i / of_each)] += {Error(y.number(i) - batch.label.number(i)), 1};
    samples += batch.count;
    count(shares);
  }

 private:
  std::string output_;
};

}  // namespace mo::data
