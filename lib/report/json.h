// JSON of the parts that several reports share.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "report/report.h"

namespace mo::report {

using Json = nlohmann::ordered_json;

Json number(double value);  // null for NaN and infinities
Json json_of(const runtime::BenchmarkResult& r, double load_ms);
Json json_of(const data::Evaluation& e);
Json json_of(const data::Interval& i);
Json json_of(const runtime::ValueError& e);
Json json_of(const Side& side);
Json json_of(const std::vector<Gate>& gates);
Json options_json(const std::string& text);
std::string dump(const Json& j);  // invalid UTF-8 replaced

}  // namespace mo::report
