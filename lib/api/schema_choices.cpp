// Reads the tables of calibration methods and metrics.
#include "api/schema_choices.h"

#include "data/metric.h"
#include "quantize/chooser.h"

namespace mo::api {

std::vector<Choice> chooser_choices() {
  std::vector<Choice> found;
  for (const quantize::ChooserDef* c : quantize::choosers()) found.push_back({c->name, c->help});
  return found;
}

std::vector<Choice> metric_choices() {
  std::vector<Choice> found;
  for (const data::MetricDef* m : data::metrics()) found.push_back({m->name, m->help});
  return found;
}

std::vector<Choice> metric_choices_or_none() {
  std::vector<Choice> found = metric_choices();
  found.insert(found.begin(), {"", "chosen by the data"});
  return found;
}

}  // namespace mo::api
