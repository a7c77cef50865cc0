// Share of samples whose highest score is the true class; among equal scores the lowest class number wins.
#include "data/class_scores.h"

namespace mo::data {

extern const MetricDef metric_top1{"top1", "share of samples whose best-scored class is the true one", true, class_metric<among_best<1>>};

}  // namespace mo::data
