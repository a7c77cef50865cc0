// mo_options: the typed bag and the functions of the C interface on it.
#include "api/options.h"

#include <nlohmann/json.hpp>

#include "api/buffer.h"

namespace mo::api {

const OptionRow& OptionSet::row(std::string_view key) const {
  if (const OptionRow* found = operation_->find(key)) return *found;
  std::vector<std::string> keys;
  for (const OptionRow& r : operation_->rows) keys.emplace_back(r.key);
  std::vector<std::string> words = keys;
  for (const OptionRow& r : operation_->rows)
    if (r.alias) words.emplace_back(r.alias);
  std::string near = nearest(key, words);
  fail(Code::invalid_argument, operation_->name, " has no option ", printable(key), "; ",
       near.empty() ? "there are " + join(keys, ", ") : "did you mean " + near + "?");
}

// Value by value: a std::variant of libstdc++ 12 that is copied while memory runs out destroys a string that was never made.
OptionSet::OptionSet(const OptionSet& other) : operation_(other.operation_) {
  for (const auto& [key, value] : other.values_) {
    OptionValue& to = values_[key];
    std::visit(
        [&to](const auto& held) {
          auto copy = held;
          to = std::move(copy);
        },
        value);
  }
}

template <class T>
T OptionSet::get(std::string_view key) const {
  auto it = values_.find(std::string(key));
  if (it != values_.end()) {
    MO_ASSERT(std::holds_alternative<T>(it->second));
    return std::get<T>(it->second);
  }
  OptionValue value = default_of(row(key));
  MO_ASSERT(std::holds_alternative<T>(value));
  return std::get<T>(std::move(value));
}
std::optional<double> OptionSet::real_or_none(std::string_view key) const {
  auto it = values_.find(std::string(key));
  MO_ASSERT(row(key).type == OptionType::real);
  if (it == values_.end()) return std::nullopt;
  return std::get<double>(it->second);
}
template std::string OptionSet::get(std::string_view) const;
template int64_t OptionSet::get(std::string_view) const;
template double OptionSet::get(std::string_view) const;
template bool OptionSet::get(std::string_view) const;
template std::vector<std::string> OptionSet::get(std::string_view) const;

std::string OptionSet::json() const {
  auto j = nlohmann::ordered_json::object();
  for (const OptionRow& r : operation_->rows) {
    auto it = values_.find(r.key);
    if (it != values_.end() && it->second != default_of(r)) j[r.key] = json_of(it->second);
  }
  return j.dump();
}

OptionSet options_for(const mo_options* options, std::string_view operation_name) {
  if (!options) return OptionSet(operation(operation_name));
  const OptionSet& set = checked(options, "options").set;
  require(set.operation().name == operation_name, Code::invalid_argument, "options are for ", set.operation().name, ", wanted ", operation_name);
  return set;
}

}  // namespace mo::api

using namespace mo::api;

mo_error* mo_options_create(const char* operation, mo_options** out) {
  return guard([&] {
    mo_options*& result = output(out, "out");  // checked before anything is made
    result = new mo_options(mo::api::operation(text_argument(operation, "operation")));
  });
}

mo_error* mo_options_set_string(mo_options* options, const char* key, const char* value) {
  return guard([&] {
    OptionSet& set = checked(options, "options").set;
    const OptionRow& row = set.row(text_argument(key, "key"));
    set.set(row, value_from_text(row, text_argument(value, "value")));
  });
}

mo_error* mo_options_set_int(mo_options* options, const char* key, int64_t value) {
  return guard([&] {
    OptionSet& set = checked(options, "options").set;
    const OptionRow& row = set.row(text_argument(key, "key"));
    set.set(row, value_from_integer(row, value));
  });
}

mo_error* mo_options_set_double(mo_options* options, const char* key, double value) {
  return guard([&] {
    OptionSet& set = checked(options, "options").set;
    const OptionRow& row = set.row(text_argument(key, "key"));
    set.set(row, value_from_real(row, value));
  });
}

mo_error* mo_options_set_bool(mo_options* options, const char* key, int32_t value) {
  return guard([&] {
    OptionSet& set = checked(options, "options").set;
    const OptionRow& row = set.row(text_argument(key, "key"));
    mo::require(value == 0 || value == 1, mo::Code::invalid_argument, "option ", row.key, ": got ", value, ", wanted 0 or 1");
    set.set(row, value_from_flag(row, value == 1));
  });
}

mo_error* mo_options_set_strings(mo_options* options, const char* key, const char* const* values, int64_t count) {
  return guard([&] {
    OptionSet& set = checked(options, "options").set;
    const OptionRow& row = set.row(text_argument(key, "key"));
    mo::require(count >= 0 && count <= 65536, mo::Code::invalid_argument, "option ", row.key, ": count is ", count, ", wanted 0..65536");
    mo::require(values != nullptr || count == 0, mo::Code::invalid_argument, "values is NULL with count ", count);
    std::vector<std::string> items;
    for (int64_t i = 0; i < count; ++i) items.push_back(text_argument(values[i], "an item of values"));
    set.set(row, value_from_list(row, std::move(items)));
  });
}

mo_error* mo_options_add_string(mo_options* options, const char* key, const char* value) {
  return guard([&] {
    OptionSet& set = checked(options, "options").set;
    const OptionRow& row = set.row(text_argument(key, "key"));
    mo::require(row.type == OptionType::list, mo::Code::invalid_argument, "option ", row.key, " is a ", name(row.type), ", not a list");
    std::vector<std::string> items;
    if (set.is_set(row.key)) items = set.list(row.key);
    items.push_back(text_argument(value, "value"));
    set.set(row, value_from_list(row, std::move(items)));
  });
}

mo_error* mo_options_parse(mo_options* options, const char* json_or_yaml) {
  return guard([&] { checked(options, "options").set.parse(text_argument(json_or_yaml, "json_or_yaml")); });
}

mo_error* mo_options_json(const mo_options* options, mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    result = buffer(checked(options, "options").set.json());
  });
}

mo_error* mo_options_describe_json(const char* operation, mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    result = buffer(operation ? describe(mo::api::operation(operation)) : describe_operations());
  });
}

void mo_options_free(mo_options* options) { release(options); }
