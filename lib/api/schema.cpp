// Look-up in the option schema and its description as JSON.
#include "api/schema.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "api/option_value.h"
#include "base/error.h"

namespace mo::api {

using Json = nlohmann::ordered_json;

const OptionRow* Operation::find(std::string_view key) const {
  for (const OptionRow& row : rows)
    if (key == row.key || (row.alias && key == row.alias)) return &row;
  return nullptr;
}

const Operation& operation(std::string_view name) {
  std::vector<std::string> names;
  for (const Operation& op : operations()) {
    if (name == op.name) return op;
    names.emplace_back(op.name);
  }
  std::string near = nearest(name, names);
  fail(Code::not_found, "no operation is named ", printable(name), near.empty() ? "" : "; did you mean " + near + "?", " There are ",
       join(names, ", "));
}

const char* name(OptionType type) {
  static constexpr const char* k_names[] = {"string", "int", "double", "bool", "strings"};
  return k_names[static_cast<int>(type)];
}

std::vector<Choice> choices(const OptionRow& row) {
  if (row.choices_of) return row.choices_of();
  std::vector<Choice> found;
  if (row.choices)
    for (std::string& value : split(row.choices, '|')) found.push_back({std::move(value), ""});
  return found;
}

std::string describe_operations() {
  Json list = Json::array();
  for (const Operation& op : operations()) list.push_back({{"operation", op.name}, {"help", op.help}});
  return Json{{"operations", list}}.dump(2);
}

namespace {

Json bound(OptionType type, double value) { return type == OptionType::integer ? Json(static_cast<int64_t>(value)) : Json(value); }

Json describe(const OptionRow& row) {
  Json j{{"key", row.key}};
  if (row.alias) j["alias"] = row.alias;
  j["type"] = name(row.type);
  j["default"] = json_of(default_of(row));
  if (std::isfinite(row.minimum)) j["minimum"] = bound(row.type, row.minimum);
  if (std::isfinite(row.maximum)) j["maximum"] = bound(row.type, row.maximum);
  std::vector<Choice> list = choices(row);
  for (const Choice& c : list) j["choices"].push_back({{"value", c.value}, {"help", c.help}});
  j["help"] = row.help;
  return j;
}

}  // namespace

std::string describe(const Operation& operation) {
  Json rows = Json::array();
  for (const OptionRow& row : operation.rows) rows.push_back(describe(row));
  return Json{{"operation", operation.name}, {"help", operation.help}, {"options", rows}}.dump(2);
}

}  // namespace mo::api
