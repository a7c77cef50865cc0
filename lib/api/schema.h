// The option schema: for every operation a table of keys with type, default, bounds, choices and help. Everything about options comes from it.
#pragma once
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace mo::api {

enum class OptionType { text, integer, real, flag, list };

struct Choice {
  std::string value, help;
};

struct OptionRow {
  const char* key;  // "calibration.method"; nested keys with a dot
  OptionType type;
  const char* fallback;  // the default as text; lists: items separated by commas
  const char* help;      // one sentence
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  const char* choices = nullptr;                  // "a|b|c", of text and list items
  std::vector<Choice> (*choices_of)() = nullptr;  // or from another room's table
  const char* alias = nullptr;                    // a second, shorter key
};

struct Operation {
  const char* name;
  const char* help;
  std::span<const OptionRow> rows;

  const OptionRow* find(std::string_view key) const;  // by key or alias; null when unknown
};

std::span<const Operation> operations();
const Operation& operation(std::string_view name);  // Code::not_found naming the nearest

const char* name(OptionType type);  // "string", "int", "double", "bool", "strings"
std::vector<Choice> choices(const OptionRow& row);

// The schema as JSON, as mo_options_describe_json documents it.
std::string describe_operations();
std::string describe(const Operation& operation);

}  // namespace mo::api
