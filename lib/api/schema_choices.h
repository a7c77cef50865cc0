// Choices that the option schema takes from the tables of other rooms.
#pragma once
#include <vector>

#include "api/schema.h"

namespace mo::api {

std::vector<Choice> chooser_choices();  // calibration methods of quantize/
std::vector<Choice> metric_choices();   // metrics of data/
std::vector<Choice> metric_choices_or_none();

}  // namespace mo::api
