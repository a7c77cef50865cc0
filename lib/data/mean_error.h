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
    for (int64_t i = 0; i < y.size(); ++i) total_ += Error(y.number(i) - batch.label.number(i));
    elements_ += y.size();
    samples += batch.count;
  }
  double value() const override { return elements_ ? total_ / static_cast<double>(elements_) : 0; }

 private:
  std::string output_;
  double total_ = 0;
  int64_t elements_ = 0;
};

}  // namespace mo::data
