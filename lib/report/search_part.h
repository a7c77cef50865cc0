// What reports say of a search.
#pragma once
#include "report/json.h"
#include "search/search.h"

namespace mo::report {

Json json_of(const search::Outcome& found);
std::string text_of(const search::Outcome& found);
bool passed(const search::Outcome& found);

}  // namespace mo::report
