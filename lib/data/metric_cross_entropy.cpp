// Mean negative log-likelihood of the true class in nats; the outputs are logits (log-probabilities are logits too).
#include "data/class_scores.h"

namespace mo::data {

extern const MetricDef metric_cross_entropy{"cross_entropy", "mean of -log softmax(logits)[truth], in nats", false,
                                            class_metric<negative_log_likelihood>};

}  // namespace mo::data
