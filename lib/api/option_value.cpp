// Conversion and checks of option values: types, ranges, choices.
#include "api/option_value.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace mo::api {

namespace {

[[noreturn]] void wrong(const OptionRow& row, std::string_view given, const std::string& wanted) {
  fail(Code::invalid_argument, "option ", row.key, ": got ", printable(given), ", wanted ", wanted);
}

std::string range_text(const OptionRow& row) {
  bool low = std::isfinite(row.minimum), high = std::isfinite(row.maximum);
  std::string kind = row.type == OptionType::integer ? "a whole number" : "a number";
  if (low && high) return text(kind, " in ", row.minimum, "..", row.maximum);
  if (low) return text(kind, " of at least ", row.minimum);
  return high ? text(kind, " of at most ", row.maximum) : kind;
}

void check_range(const OptionRow& row, double value, std::string_view given) {
  if (!(value >= row.minimum && value <= row.maximum)) wrong(row, given, range_text(row));
}

void check_choice(const OptionRow& row, const std::string& value) {
  std::vector<std::string> values;
  for (const Choice& c : choices(row)) {
    if (c.value == value) return;
    values.push_back(c.value);
  }
  if (values.empty()) return;
  std::string near = nearest(value, values);
  wrong(row, value, "one of " + join(values, ", ") + (near.empty() ? "" : "; did you mean " + near + "?"));
}

std::string checked_text(const OptionRow& row, std::string_view value) {
  require(value.size() <= 65536, Code::limit, "option ", row.key, ": a text of ", value.size(), " bytes, at most 65536");
  std::string s(value);
  check_choice(row, s);
  return s;
}

template <class T>
bool parse_number(std::string_view text, T& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

OptionValue value_from_integer(const OptionRow& row, int64_t value) {
  if (row.type == OptionType::real) return value_from_real(row, static_cast<double>(value));
  if (row.type == OptionType::flag && (value == 0 || value == 1)) return value == 1;
  if (row.type != OptionType::integer) wrong(row, text(value), text("a ", name(row.type)));
  check_range(row, static_cast<double>(value), text(value));
  return value;
}

OptionValue value_from_real(const OptionRow& row, double value) {
  if (row.type == OptionType::integer && value == std::floor(value) && std::fabs(value) < 9e15)
    return value_from_integer(row, static_cast<int64_t>(value));
  if (row.type == OptionType::integer) wrong(row, text(value), range_text(row));
  if (row.type != OptionType::real) wrong(row, text(value), text("a ", name(row.type)));
  check_range(row, value, text(value));
  return value;
}

OptionValue value_from_flag(const OptionRow& row, bool value) {
  if (row.type != OptionType::flag) wrong(row, value ? "true" : "false", text("a ", name(row.type)));
  return value;
}

OptionValue value_from_list(const OptionRow& row, std::vector<std::string> items) {
  if (row.type != OptionType::list) wrong(row, "a list", text("a ", name(row.type)));
  require(items.size() <= 65536, Code::limit, "option ", row.key, ": a list of ", items.size(), " items, at most 65536");
  for (const std::string& item : items) checked_text(row, item);
  return items;
}

OptionValue value_from_text(const OptionRow& row, std::string_view given) {
  switch (row.type) {
    case OptionType::text: return checked_text(row, given);
    case OptionType::list: {
      std::vector<std::string> items;
      if (!given.empty()) items = split(given, ',');
      return value_from_list(row, std::move(items));
    }
    case OptionType::flag:
      if (given == "true" || given == "yes" || given == "on" || given == "1") return true;
      if (given == "false" || given == "no" || given == "off" || given == "0") return false;
      wrong(row, given, "true or false");
    case OptionType::integer: {
      int64_t value;
      if (!parse_number(given, value)) wrong(row, given, range_text(row));
      return value_from_integer(row, value);
    }
    case OptionType::real: {
      double value;
      if (!parse_number(given, value)) wrong(row, given, range_text(row));
      return value_from_real(row, value);
    }
  }
  fail(Code::internal, "option ", row.key, " has no type");
}

OptionValue default_of(const OptionRow& row) {
  if (row.type == OptionType::real && *row.fallback == '\0') return {};
  return value_from_text(row, row.fallback);
}

nlohmann::ordered_json json_of(const OptionValue& value) {
  auto spell = [](const auto& v) -> nlohmann::ordered_json {
    if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) return nullptr;
    else return v;
  };
  return std::visit(spell, value);
}

}  // namespace mo::api
