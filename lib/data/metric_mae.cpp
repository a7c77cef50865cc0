// Mean absolute difference between output and label; the label has the output's shape.
#include <cmath>

#include "data/mean_error.h"

namespace mo::data {

namespace {

double absolute(double d) { return std::abs(d); }
std::unique_ptr<Metric> make(const std::string& output) { return std::make_unique<MeanError<absolute>>(output); }

}  // namespace

extern const MetricDef metric_mae{"mae", "mean absolute difference between output and label", false, make};

}  // namespace mo::data
