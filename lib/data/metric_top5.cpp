// Share of samples whose true class is among the five highest scores.
#include "data/class_scores.h"

namespace mo::data {

extern const MetricDef metric_top5{"top5", "share of samples whose true class is among the five best-scored", true, class_metric<among_best<5>>};

}  // namespace mo::data
