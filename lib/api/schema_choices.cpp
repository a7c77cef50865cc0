// Choices of the option schema that come from the tables of calibration methods and metrics.
#include "api/schema_choices.h"

namespace mo::api {

std::vector<Choice> chooser_choices() { return {{"minmax", ""}}; }
std::vector<Choice> metric_choices() { return {{"top1", ""}}; }
std::vector<Choice> metric_choices_or_none() { return {{"", ""}, {"top1", ""}}; }

}  // namespace mo::api
