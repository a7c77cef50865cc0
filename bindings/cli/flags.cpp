// The schema's JSON to CLI11 options, and their values to mo_options.
#include "flags.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

std::string flag_name(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  std::replace(key.begin(), key.end(), '.', '-');
  return "--" + key;
}

std::string help_of(const Json& row) {
  std::string help = row["help"];
  if (row.contains("choices")) {
    help += " One of";
    for (const Json& c : row["choices"])
      if (!c["value"].get<std::string>().empty()) help += " " + c["value"].get<std::string>();
    help += ".";
  }
  const Json& fallback = row["default"];
  bool shown = !fallback.is_null() && !(fallback.is_string() && fallback.get<std::string>().empty()) && !fallback.is_array();
  return shown ? help + " [" + (fallback.is_string() ? fallback.get<std::string>() : fallback.dump()) + "]" : help;
}

Json describe(const std::string& operation) {
  auto text = make<mo_buffer>("", [&](mo_buffer** out) { return mo_options_describe_json(operation.c_str(), out); });
  return Json::parse(mo_buffer_text(text.get()));
}

}  // namespace

void Flags::add(CLI::App& app, const std::vector<std::string>& operations, const std::vector<std::string>& without) {
  for (const std::string& operation : operations) {
    Json schema = describe(operation);
    for (const Json& row : schema["options"]) {
      std::string key = row["key"], type = row["type"];
      if (std::find(without.begin(), without.end(), operation + "." + key) != without.end()) continue;
      Flag& flag = flags_[key];
      flag.operations.push_back(operation);
      if (flag.option) continue;
      flag.type = type;
      std::string names = flag_name(key);
      if (row.contains("alias")) names += "," + flag_name(row["alias"]);
      flag.option = app.add_option(names, flag.values, help_of(row))
                        ->group("Options of " + operation)
                        ->type_name(type == "bool"      ? "[true|false]"
                                    : type == "strings" ? "string ..."
                                                        : type);
      flag.option->allow_extra_args(false);
      if (type == "bool") flag.option->expected(0, 1)->default_str("true");
      flag.option->multi_option_policy(type == "strings" ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    }
  }
}

Own<mo_options> Flags::options(const std::string& operation) const {
  auto options = make<mo_options>("", [&](mo_options** out) { return mo_options_create(operation.c_str(), out); });
  for (const auto& [key, flag] : flags_) {
    bool meant = std::find(flag.operations.begin(), flag.operations.end(), operation) != flag.operations.end();
    if (!meant || flag.option->count() == 0) continue;
    for (const std::string& value : flag.values) {
      mo_error* error = flag.type == "strings" ? mo_options_add_string(options.get(), key.c_str(), value.c_str())
                                               : mo_options_set_string(options.get(), key.c_str(), value.c_str());
      check(error, "", k_usage);
    }
    if (flag.values.empty()) check(mo_options_set_bool(options.get(), key.c_str(), 1), "", k_usage);
  }
  return options;
}

std::string Flags::text(const std::string& key) const {
  auto it = flags_.find(key);
  return it != flags_.end() && !it->second.values.empty() ? it->second.values.back() : "";
}

bool Flags::given(const std::string& key) const {
  auto it = flags_.find(key);
  return it != flags_.end() && it->second.option->count() > 0;
}

}  // namespace cli
