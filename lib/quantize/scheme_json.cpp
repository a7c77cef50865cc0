// Scheme to JSON and back. Defaults are left out, so that a file written by hand may be short.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "quantize/scheme.h"

namespace mo::quantize {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const WeightForm& w) {
  const WeightForm plain;
  Json j{{"dtype", name(w.dtype)}};
  if (w.bits != info(w.dtype).bits) j["bits"] = w.bits;
  if (w.symmetric != plain.symmetric) j["symmetric"] = w.symmetric;
  if (w.axis != plain.axis) j["axis"] = w.axis;
  if (w.block != plain.block) j["block"] = w.block;
  if (w.range != plain.range) j["range"] = w.range;
  if (w.rounding != plain.rounding) j["rounding"] = w.rounding;
  if (!w.scale.empty()) j["scale"] = w.scale;
  if (!w.zero_point.empty()) j["zero_point"] = w.zero_point;
  return j;
}

// Reads one object: every key must be asked for, so that a typing error is found.
class Reader {
 public:
  Reader(const Json& j, std::string where) : json_(j), where_(std::move(where)) { require(j.is_object(), Code::format, where_, ": not an object"); }

  template <class T>
  void get(const char* key, T& into) {
    known_.push_back(key);
    auto it = json_.find(key);
    if (it == json_.end()) return;
    try {
      into = it->template get<T>();
    } catch (const Json::exception&) { fail(Code::format, where_, ".", key, ": of the wrong type"); }
  }
  void dtype(const char* key, DType& into) {
    std::string s;
    get(key, s);
    if (s.empty()) return;
    into = dtype_from_name(s);
    require(into != DType::undefined, Code::format, where_, ".", key, ": unknown type '", printable(s), "'");
  }
  void finish() const {
    for (const auto& [key, value] : json_.items())
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        std::string near = nearest(key, known_);
        fail(Code::format, where_, ": unknown key '", printable(key), "'", near.empty() ? "" : "; did you mean '" + near + "'?");
      }
  }
  const std::string& where() const { return where_; }

 private:
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

void one_of(const std::string& value, std::initializer_list<const char*> choices, const std::string& where) {
  for (const char* c : choices)
    if (value == c) return;
  fail(Code::format, where, ": '", printable(value), "' is not one of ", join(std::vector<std::string>(choices.begin(), choices.end()), ", "));
}

WeightForm weights_from(const Json& j, const std::string& where) {
  WeightForm w;
  Reader r(j, where);
  r.dtype("dtype", w.dtype);
  w.bits = info(w.dtype).bits;
  r.get("bits", w.bits), r.get("symmetric", w.symmetric), r.get("axis", w.axis), r.get("block", w.block), r.get("range", w.range),
      r.get("rounding", w.rounding);
  r.get("scale", w.scale), r.get("zero_point", w.zero_point);
  r.finish();
  one_of(w.range, {"minmax", "mse", "hqq"}, where + ".range");
  one_of(w.rounding, {"nearest", "gptq", "adaround"}, where + ".rounding");
  one_of(name(w.dtype), {"int8", "uint8", "int4", "uint4", "float8e4m3fn", "float8e5m2"}, where + ".dtype");
  require(w.bits >= 2 && w.bits <= info(w.dtype).bits && w.bits <= 8, Code::format, where, ".bits: ", w.bits, " does not fit ", name(w.dtype));
  require(w.block >= 0 && w.axis >= -1, Code::format, where, ": negative axis or block");
  for (float s : w.scale) require(s > 0 && s < 1e30f, Code::format, where, ".scale: ", s, " is not a positive finite number");
  return w;
}

}  // namespace

std::string to_json(const Scheme& scheme) {
  Json nodes = Json::object(), activations = Json::object(), rescales = Json::array();
  for (const auto& [node, f] : scheme.nodes) {
    Json j{{"how", f.how}, {"op", f.op}};
    if (!f.reason.empty()) j["reason"] = f.reason;
    if (f.weights) j["weights"] = json_of(*f.weights);
    if (!f.bias_shift.empty()) j["bias_shift"] = f.bias_shift;
    nodes[node] = std::move(j);
  }
  for (const auto& [value, a] : scheme.activations) {
    Json j{{"dtype", name(a.dtype)}, {"scale", a.scale}};
    if (a.zero_point) j["zero_point"] = a.zero_point;
    if (!a.shares.empty()) j["shares"] = a.shares;
    activations[value] = std::move(j);
  }
  for (const Rescale& r : scheme.rescales) {
    Json j{{"value", r.value}, {"factor", r.factor}, {"nodes", r.nodes}};
    if (r.past_bounds) j["past_bounds"] = true;
    rescales.push_back(std::move(j));
  }
  Json all{{"scheme", 1}, {"nodes", nodes}, {"activations", activations}};
  if (!rescales.empty()) all["rescales"] = rescales;
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Scheme scheme_from_json(std::string_view text, const std::string& where) {
  Json j = Json::parse(text, nullptr, false);
  require(!j.is_discarded(), Code::format, where, ": not JSON");
  Scheme s;
  Reader top(j, where);
  int version = 0;
  Json nodes = Json::object(), activations = Json::object(), rescales = Json::array();
  top.get("scheme", version), top.get("nodes", nodes), top.get("activations", activations), top.get("rescales", rescales);
  top.finish();
  require(version == 1, Code::format, where, ": scheme is ", version, ", wants 1");
  require(nodes.is_object() && activations.is_object() && rescales.is_array(), Code::format, where,
          ": nodes and activations must be objects, rescales a list");
  for (const auto& [key, value] : nodes.items()) {
    NodeForm& f = s.nodes[key];
    Reader r(value, where + ": node '" + printable(key) + "'");
    Json weights;
    r.get("how", f.how), r.get("op", f.op), r.get("reason", f.reason), r.get("weights", weights), r.get("bias_shift", f.bias_shift);
    r.finish();
    for (float b : f.bias_shift) require(std::abs(b) < 1e30f, Code::format, r.where(), ".bias_shift: ", b, " is not a finite number");
    one_of(f.how, {"float", "static", "dynamic", "dynamic_per_token", "weight_only", "weight_only_int8_inputs", "fp16", "bf16"}, r.where() + ".how");
    if (!weights.is_null()) f.weights = weights_from(weights, r.where() + ".weights");
  }
  for (const auto& [key, value] : activations.items()) {
    ActivationForm& a = s.activations[key];
    Reader r(value, where + ": value '" + printable(key) + "'");
    r.dtype("dtype", a.dtype);
    r.get("scale", a.scale), r.get("zero_point", a.zero_point), r.get("shares", a.shares);
    r.finish();
    one_of(name(a.dtype), {"uint8", "int8", "uint16", "int16", "float8e4m3fn", "float8e5m2"}, r.where() + ".dtype");
    require(a.scale >= 0 && a.scale < 1e30f, Code::format, r.where(), ".scale: ", a.scale, " is not a finite number of at least 0");
  }
  for (const Json& value : rescales) {
    Rescale& x = s.rescales.emplace_back();
    Reader r(value, where + ": rescale");
    r.get("value", x.value), r.get("factor", x.factor), r.get("nodes", x.nodes), r.get("past_bounds", x.past_bounds);
    r.finish();
    for (float f : x.factor) require(f > 0 && f < 1e30f, Code::format, r.where(), ".factor: ", f, " is not a positive finite number");
  }
  return s;
}

}  // namespace mo::quantize
