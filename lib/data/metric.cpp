// The table of metrics.
#include "data/metric.h"

namespace mo::data {

#define MO_METRIC(identifier) extern const MetricDef identifier;
#include "data/metrics.inc"
#undef MO_METRIC

namespace {
constexpr const MetricDef* k_metrics[] = {
#define MO_METRIC(identifier) &identifier,
#include "data/metrics.inc"
#undef MO_METRIC
};
}  // namespace

std::span<const MetricDef* const> metrics() { return k_metrics; }

const MetricDef& metric(std::string_view name) {
  std::vector<std::string> names;
  for (const MetricDef* m : k_metrics) {
    if (name == m->name) return *m;
    names.push_back(m->name);
  }
  std::string near = nearest(name, names);
  fail(Code::invalid_argument, "unknown metric '", printable(name), "'", near.empty() ? "" : "; did you mean '" + near + "'?",
       " (known: ", join(names, ", "), ")");
}

}  // namespace mo::data
