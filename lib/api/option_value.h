// Values of options: made from text or typed input, checked against their row of the schema.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "api/schema.h"

namespace mo::api {

// The empty alternative: a number that is not set and has no default.
using OptionValue = std::variant<std::monostate, std::string, int64_t, double, bool, std::vector<std::string>>;

OptionValue default_of(const OptionRow& row);
// Each throws Code::invalid_argument naming the key, what was given and what is legal.
OptionValue value_from_text(const OptionRow& row, std::string_view text);
OptionValue value_from_integer(const OptionRow& row, int64_t value);
OptionValue value_from_real(const OptionRow& row, double value);
OptionValue value_from_flag(const OptionRow& row, bool value);
OptionValue value_from_list(const OptionRow& row, std::vector<std::string> items);

nlohmann::ordered_json json_of(const OptionValue& value);

}  // namespace mo::api
