// Walks class scores and their true classes: the one place that knows which axis of an output holds the classes.
#pragma once
#include <functional>

#include "data/metric.h"

namespace mo::data {

using NamedOutputs = std::vector<std::pair<std::string, Tensor>>;

// The output a metric judges: the named one, or the first.
const Tensor& judged_output(const NamedOutputs& outputs, const std::string& name);

// Calls f(scores, stride, classes, label) for each labelled position. The class axis is the last one when the other axes match the label
// (logits [n, t, c] with label [n, t]), else axis 1 ([n, c, h, w] with [n, h, w]); trailing axes of size 1 do not count. Negative
// labels are skipped ("ignore"). Returns how many positions were visited.
int64_t for_each_labelled(const Tensor& scores, const Tensor& label,
                          const std::function<void(const float* scores, int64_t stride, int64_t classes, int64_t label)>& f);

// -log softmax(scores)[label], in nats.
double negative_log_likelihood(const float* scores, int64_t stride, int64_t classes, int64_t label);

}  // namespace mo::data
