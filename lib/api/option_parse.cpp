// Options from JSON or YAML text: nested mappings become dotted keys, every value is checked by its row.
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "api/options.h"

namespace mo::api {

namespace {

constexpr size_t k_max_text = size_t{1} << 20;
constexpr int k_max_depth = 8;

// A value as JSON or YAML spell it, before its row says what it must be.
void set_json(OptionSet& set, const std::string& key, const nlohmann::json& j) {
  const OptionRow& row = set.row(key);
  if (j.is_boolean()) return set.set(row, value_from_flag(row, j.get<bool>()));
  if (j.is_number_integer()) {
    require(!j.is_number_unsigned() || j.get<uint64_t>() <= uint64_t{INT64_MAX}, Code::invalid_argument, "option ", key, ": number too large");
    return set.set(row, value_from_integer(row, j.get<int64_t>()));
  }
  if (j.is_number()) return set.set(row, value_from_real(row, j.get<double>()));
  if (j.is_string() && row.type == OptionType::list) return set.set(row, value_from_list(row, {j.get<std::string>()}));
  if (j.is_string()) return set.set(row, value_from_text(row, j.get<std::string>()));
  require(j.is_array(), Code::invalid_argument, "option ", key, ": got null or a mapping, wanted a ", name(row.type));
  std::vector<std::string> items;
  for (const auto& item : j) {
    require(item.is_string() || item.is_number(), Code::invalid_argument, "option ", key, ": an item of the list is no text");
    items.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  set.set(row, value_from_list(row, std::move(items)));
}

void flatten(OptionSet& set, const std::string& prefix, const nlohmann::json& object, int depth) {
  require(depth <= k_max_depth, Code::limit, "options nested deeper than ", k_max_depth);
  for (const auto& [name, value] : object.items()) {
    std::string key = prefix + name;
    // a mapping is a group of keys, unless its own name is a key
    if (value.is_object()) flatten(set, key + ".", value, depth + 1);
    else set_json(set, key, value);
  }
}

void set_yaml(OptionSet& set, const std::string& key, const YAML::Node& node) {
  const OptionRow& row = set.row(key);
  if (node.IsScalar() && row.type == OptionType::list) return set.set(row, value_from_list(row, {node.Scalar()}));
  if (node.IsScalar()) return set.set(row, value_from_text(row, node.Scalar()));
  require(node.IsSequence(), Code::invalid_argument, "option ", key, ": got nothing, wanted a ", name(row.type));
  std::vector<std::string> items;
  for (const auto& item : node) {
    require(item.IsScalar(), Code::invalid_argument, "option ", key, ": an item of the list is no text");
    items.push_back(item.Scalar());
  }
  set.set(row, value_from_list(row, std::move(items)));
}

void flatten(OptionSet& set, const std::string& prefix, const YAML::Node& map, int depth) {
  require(depth <= k_max_depth, Code::limit, "options nested deeper than ", k_max_depth);
  for (const auto& entry : map) {
    require(entry.first.IsScalar(), Code::format, "options: a key is no text");
    std::string key = prefix + entry.first.Scalar();
    if (entry.second.IsMap()) flatten(set, key + ".", entry.second, depth + 1);
    else set_yaml(set, key, entry.second);
  }
}

}  // namespace

void OptionSet::parse(const std::string& source) {
  require(source.size() <= k_max_text, Code::limit, "options text of ", source.size(), " bytes, at most ", k_max_text);
  OptionSet copy = *this;
  size_t start = source.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return;
  if (source[start] == '{') {
    nlohmann::json j;
    try {
      j = nlohmann::json::parse(source);
    } catch (const nlohmann::json::exception& e) { fail(Code::format, "options: ", printable(e.what())); }
    flatten(copy, "", j, 1);
  } else {
    try {
      YAML::Node root = YAML::Load(source);
      require(root.IsMap() || root.IsNull(), Code::format, "options: the text is neither a JSON object nor a YAML mapping");
      flatten(copy, "", root, 1);
    } catch (const YAML::Exception& e) { fail(Code::format, "options: ", printable(e.what())); }
  }
  *this = std::move(copy);
}

}  // namespace mo::api
