// Options: every key of every operation round-trips, and what is illegal is refused with the nearest legal thing.
#include "api/options.h"

#include <nlohmann/json.hpp>
#include <set>

#include "api/schema.h"
#include "support.h"

using namespace api_test;
using namespace mo::api;
using Json = nlohmann::ordered_json;

namespace {

Own<mo_options> options(const char* operation) {
  return make<mo_options>([&](mo_options** out) { return mo_options_create(operation, out); });
}
std::string json_of(const Own<mo_options>& o) {
  auto b = make<mo_buffer>([&](mo_buffer** out) { return mo_options_json(o.get(), out); });
  return mo_buffer_text(b.get());
}
Json describe(const char* operation) {
  auto b = make<mo_buffer>([&](mo_buffer** out) { return mo_options_describe_json(operation, out); });
  return Json::parse(mo_buffer_text(b.get()));
}

// A legal value other than the default, as text; the default where there is no other.
std::string another(const OptionRow& row) {
  std::vector<Choice> list = choices(row);
  for (const Choice& c : list)
    if (c.value != row.fallback) return c.value;
  if (!list.empty()) return row.fallback;
  switch (row.type) {
    case OptionType::flag: return std::string(row.fallback) == "true" ? "false" : "true";
    case OptionType::integer:
      return mo::text(static_cast<int64_t>(std::max(row.minimum, 0.0)) + 7 <= row.maximum ? static_cast<int64_t>(std::max(row.minimum, 0.0)) + 7
                                                                                          : static_cast<int64_t>(row.maximum));
    case OptionType::real: return mo::text(row.minimum > -1e300 ? row.minimum + 0.25 : 0.25);
    default: return "word";
  }
}

}  // namespace

TEST_CASE("the schema is sound: unique keys and aliases, legal defaults, help that is a sentence") {
  for (const Operation& op : operations()) {
    std::set<std::string> keys;
    CHECK(std::string(op.help).back() == '.');
    for (const OptionRow& row : op.rows) {
      CAPTURE(op.name);
      CAPTURE(row.key);
      CHECK(keys.insert(row.key).second);
      if (row.alias) CHECK(keys.insert(row.alias).second);
      CHECK_NOTHROW(default_of(row));
      CHECK(std::string(row.help).back() == '.');
    }
  }
}

TEST_CASE("every option survives a round trip through text, JSON and YAML") {
  for (const Operation& op : operations()) {
    auto set = options(op.name);
    std::string yaml;
    for (const OptionRow& row : op.rows) {
      CAPTURE(op.name);
      CAPTURE(row.key);
      std::string value = another(row);
      ok(mo_options_set_string(set.get(), row.key, value.c_str()));
      yaml += std::string(row.key) + ": \"" + value + "\"\n";
    }
    auto again = options(op.name), from_yaml = options(op.name);
    ok(mo_options_parse(again.get(), json_of(set).c_str()));
    ok(mo_options_parse(from_yaml.get(), yaml.c_str()));
    CHECK(json_of(again) == json_of(set));
    CHECK(json_of(from_yaml) == json_of(set));
    CHECK(json_of(options(op.name)) == "{}");
  }
}

TEST_CASE("the description lists every row with its default in its own type") {
  CHECK(describe(nullptr)["operations"].size() == operations().size());
  for (const Operation& op : operations()) {
    Json j = describe(op.name);
    REQUIRE(j["options"].size() == op.rows.size());
    for (const Json& row : j["options"]) {
      std::string type = row["type"];
      const Json& d = row["default"];
      bool right = type == "string"    ? d.is_string()
                   : type == "int"     ? d.is_number_integer()
                   : type == "bool"    ? d.is_boolean()
                   : type == "strings" ? d.is_array()
                                       : d.is_number() || d.is_null();
      CHECK_MESSAGE(right, row.dump());
    }
  }
}

TEST_CASE("unknown words name the nearest ones") {
  mo_options* none = nullptr;
  Caught c = caught(mo_options_create("quantise", &none));
  CHECK(c.code == MO_ERR_NOT_FOUND);
  CHECK(has(c.message, "quantize?"));
  CHECK(none == nullptr);
  auto o = options("quantize");
  c = caught(mo_options_set_string(o.get(), "granularty", "per_channel"));
  CHECK(c.code == MO_ERR_INVALID_ARGUMENT);
  CHECK(has(c.message, "did you mean granularity?"));
  c = caught(mo_options_set_string(o.get(), "granularity", "per_chanel"));
  CHECK(has(c.message, "did you mean per_channel?"));
}

TEST_CASE("typed setters refuse other types and values out of range") {
  auto o = options("session");
  ok(mo_options_set_int(o.get(), "threads", 3));
  CHECK(json_of(o) == R"({"threads":3})");
  CHECK(caught(mo_options_set_int(o.get(), "threads", -1)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_int(o.get(), "threads", INT64_MAX)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_double(o.get(), "threads", 1.5)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_double(o.get(), "threads", 0.0 / 0.0)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_bool(o.get(), "threads", 1)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_bool(o.get(), "optimize", 2)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_string(o.get(), "threads", "three")).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_string(o.get(), "threads", "")).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_add_string(o.get(), "threads", "1")).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(json_of(o) == R"({"threads":3})");
  const char* names[] = {"a,b", "c"};
  ok(mo_options_set_strings(o.get(), "extra_outputs", names, 2));
  ok(mo_options_add_string(o.get(), "extra_outputs", "d"));
  CHECK(json_of(o) == R"({"threads":3,"extra_outputs":["a,b","c","d"]})");
  CHECK(caught(mo_options_set_strings(o.get(), "extra_outputs", nullptr, 2)).code == MO_ERR_INVALID_ARGUMENT);
  CHECK(caught(mo_options_set_strings(o.get(), "extra_outputs", names, -1)).code == MO_ERR_INVALID_ARGUMENT);
  const char* holes[] = {"a", nullptr};
  CHECK(caught(mo_options_set_strings(o.get(), "extra_outputs", holes, 2)).code == MO_ERR_INVALID_ARGUMENT);
}

TEST_CASE("nested keys, aliases and comments parse alike in YAML and JSON") {
  auto a = options("quantize"), b = options("quantize"), c = options("quantize");
  ok(mo_options_parse(a.get(), "calibration:  # how\n  method: entropy\ninclude: [x, y]\nweight_symmetric: no\n"));
  ok(mo_options_parse(b.get(), R"({"calibration": {"method": "entropy"}, "include": ["x", "y"], "weight_symmetric": false})"));
  ok(mo_options_parse(c.get(), R"({"calibration": "entropy", "include": ["x", "y"], "weight_symmetric": false})"));
  CHECK(json_of(a) == json_of(b));
  CHECK(json_of(a) == json_of(c));
}

TEST_CASE("malformed option texts change nothing") {
  auto o = options("quantize");
  ok(mo_options_set_string(o.get(), "precision", "fp16"));
  std::string before = json_of(o);
  std::string deep = "{\"a\":";
  for (int i = 0; i < 20; ++i) deep += "{\"a\":";
  deep += "1" + std::string(21, '}');
  const std::string brackets(100000, '['), braces(100000, '{');
  for (const std::string& text : {std::string("{"), std::string("{\"precision\": 3}"), std::string("{\"precision\": null}"), std::string("- a\n- b"),
                                  std::string("just words"), std::string("precision: [int8, bf16]"), std::string("{\"seed\": 18446744073709551615}"),
                                  std::string("{\"precision\": \"bf16\", \"nope\": 1}"), std::string("a: &x [*x]"), std::string("\x01\x02"),
                                  std::string("{\"\xff\": 1}"), std::string("precision: !!binary x\n? [a]: b"), deep, brackets, braces}) {
    Caught c = caught(mo_options_parse(o.get(), text.c_str()));
    CHECK_MESSAGE(c.code != MO_OK, text.substr(0, 60));
    CHECK(json_of(o) == before);
  }
  ok(mo_options_parse(o.get(), ""));
  ok(mo_options_parse(o.get(), " \n"));
  ok(mo_options_parse(o.get(), "{}"));
  CHECK(json_of(o) == before);
}

TEST_CASE("options of one operation are refused by another") {
  auto o = options("save");
  auto m = model("(float32[2] x) -> (y) { y = Relu(x); }");
  mo_session* s = nullptr;
  Caught c = caught(mo_session_create(m.get(), o.get(), &s));
  CHECK(c.code == MO_ERR_INVALID_ARGUMENT);
  CHECK(has(c.message, "options are for save, wanted session"));
}
