// Mean squared difference between output and label; the label has the output's shape.
#include "data/mean_error.h"

namespace mo::data {

namespace {

double squared(double d) { return d * d; }
std::unique_ptr<Metric> make(const std::string& output) { return std::make_unique<MeanError<squared>>(output); }

}  // namespace

extern const MetricDef metric_mse{"mse", "mean squared difference between output and label", false, make};

}  // namespace mo::data
