// mo_options: values for the keys of one operation; what is not set has its default.
#pragma once
#include <map>
#include <optional>

#include "api/handle.h"
#include "api/option_value.h"

namespace mo::api {

class OptionSet {
 public:
  explicit OptionSet(const Operation& operation) : operation_(&operation) {}
  OptionSet(const OptionSet& other);
  OptionSet(OptionSet&&) = default;
  OptionSet& operator=(OptionSet&&) = default;

  const Operation& operation() const { return *operation_; }
  const OptionRow& row(std::string_view key) const;  // Code::invalid_argument naming the nearest key
  void set(const OptionRow& row, OptionValue value) { values_[row.key] = std::move(value); }
  void set_text(std::string_view key, std::string_view value) { set(row(key), value_from_text(row(key), value)); }
  void parse(const std::string& json_or_yaml);  // all or nothing
  std::string json() const;                     // what differs from the defaults

  bool is_set(std::string_view key) const { return values_.count(std::string(key)) > 0; }
  // The value or its default. A key that the schema lacks, or another type, is Code::internal.
  std::string text(std::string_view key) const { return get<std::string>(key); }
  int64_t integer(std::string_view key) const { return get<int64_t>(key); }
  double real(std::string_view key) const { return get<double>(key); }
  std::optional<double> real_or_none(std::string_view key) const;  // of rows without a default
  bool flag(std::string_view key) const { return get<bool>(key); }
  std::vector<std::string> list(std::string_view key) const { return get<std::vector<std::string>>(key); }

 private:
  template <class T>
  T get(std::string_view key) const;
  const Operation* operation_;
  std::map<std::string, OptionValue> values_;
};

// The options of an argument that may be NULL; Code::invalid_argument when they belong to another operation.
OptionSet options_for(const mo_options* options, std::string_view operation_name);

}  // namespace mo::api

struct mo_options : mo::api::Handle<0x6d6f6f70> {
  explicit mo_options(const mo::api::Operation& operation) : set(operation) {}
  mo::api::OptionSet set;
};
