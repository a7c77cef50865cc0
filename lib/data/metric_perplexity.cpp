// exp of the mean negative log-likelihood of the true class; the outputs are logits.
#include <cmath>

#include "data/class_scores.h"

namespace mo::data {

extern const MetricDef metric_perplexity{"perplexity", "exp of the cross entropy of logits", false, class_metric<negative_log_likelihood>,
                                         [](double mean) { return std::exp(mean); }};

}  // namespace mo::data
