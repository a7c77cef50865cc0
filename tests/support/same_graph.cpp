// Graph comparison for round-trip tests.
#include "support/same_graph.h"

#include <bit>

namespace {

using namespace mo;
using namespace mo::graph;

bool same_float(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

std::string differ(const AttrValue& a, const AttrValue& b) {
  if (a.index() != b.index()) return "kind of attribute";
  if (const auto* x = std::get_if<Tensor>(&a)) return identical(*x, std::get<Tensor>(b)) ? "" : "tensor";
  if (const auto* x = std::get_if<GraphPtr>(&a)) return difference(**x, *std::get<GraphPtr>(b));
  if (const auto* x = std::get_if<float>(&a)) return same_float(*x, std::get<float>(b)) ? "" : "float";
  if (const auto* x = std::get_if<std::vector<float>>(&a)) {
    const auto& y = std::get<std::vector<float>>(b);
    if (x->size() != y.size()) return "floats";
    for (size_t i = 0; i < x->size(); ++i)
      if (!same_float((*x)[i], y[i])) return "floats";
    return "";
  }
  if (const auto* x = std::get_if<std::vector<Tensor>>(&a)) {
    const auto& y = std::get<std::vector<Tensor>>(b);
    if (x->size() != y.size()) return "tensors";
    for (size_t i = 0; i < x->size(); ++i)
      if (!identical((*x)[i], y[i])) return "tensors";
    return "";
  }
  if (const auto* x = std::get_if<std::vector<GraphPtr>>(&a)) {
    const auto& y = std::get<std::vector<GraphPtr>>(b);
    if (x->size() != y.size()) return "graphs";
    for (size_t i = 0; i < x->size(); ++i)
      if (std::string d = difference(*(*x)[i], *y[i]); !d.empty()) return d;
    return "";
  }
  if (const auto* x = std::get_if<int64_t>(&a)) return *x == std::get<int64_t>(b) ? "" : "int";
  if (const auto* x = std::get_if<std::string>(&a)) return *x == std::get<std::string>(b) ? "" : "string";
  if (const auto* x = std::get_if<std::vector<int64_t>>(&a)) return *x == std::get<std::vector<int64_t>>(b) ? "" : "ints";
  if (const auto* x = std::get_if<std::vector<std::string>>(&a)) return *x == std::get<std::vector<std::string>>(b) ? "" : "strings";
  if (const auto* x = std::get_if<Type>(&a)) return *x == std::get<Type>(b) ? "" : "type";
  return std::get<std::vector<Type>>(a) == std::get<std::vector<Type>>(b) ? "" : "types";
}

std::string differ(const Graph& a, ValueId va, const Graph& b, ValueId vb) {
  if ((va == k_none) != (vb == k_none)) return "one is omitted";
  if (va == k_none) return "";
  const Value &x = a.value(va), &y = b.value(vb);
  if (x.name != y.name) return "value " + x.name + " / " + y.name;
  if (!(x.type == y.type)) return "type of " + x.name + ": " + describe(x.type) + " / " + describe(y.type);
  if (!identical(x.constant, y.constant)) return "constant " + x.name;
  if (x.doc != y.doc) return "doc of " + x.name;
  return "";
}

std::string differ(const Graph& a, const std::vector<ValueId>& va, const Graph& b, const std::vector<ValueId>& vb) {
  if (va.size() != vb.size()) return "count of values";
  for (size_t i = 0; i < va.size(); ++i)
    if (std::string d = differ(a, va[i], b, vb[i]); !d.empty()) return d;
  return "";
}

}  // namespace

std::string difference(const Graph& a, const Graph& b) {
  if (a.name != b.name || a.doc != b.doc || a.metadata != b.metadata) return "graph name, doc or metadata";
  if (std::string d = differ(a, a.inputs, b, b.inputs); !d.empty()) return "inputs: " + d;
  if (std::string d = differ(a, a.outputs, b, b.outputs); !d.empty()) return "outputs: " + d;
  if (a.node_count() != b.node_count()) return "node count";
  if (a.captures.size() != b.captures.size()) return "captures";
  for (size_t k = 0; k < a.node_count(); ++k) {
    const Node &x = a.node(a.order()[k]), &y = b.node(b.order()[k]);
    std::string where = "node " + std::to_string(k) + " (" + x.op + " " + x.name + "): ";
    if (x.op != y.op || x.domain != y.domain || x.name != y.name || x.doc != y.doc || x.metadata != y.metadata)
      return where + "kind or name: " + y.op + " " + y.name;
    if (std::string d = differ(a, x.inputs, b, y.inputs); !d.empty()) return where + "inputs: " + d;
    if (std::string d = differ(a, x.outputs, b, y.outputs); !d.empty()) return where + "outputs: " + d;
    if (x.attributes.size() != y.attributes.size()) return where + "attributes";
    for (const auto& [key, value] : x.attributes) {
      const AttrValue* other = y.find(key);
      if (!other) return where + key;
      if (std::string d = differ(value, *other); !d.empty()) return where + key + ": " + d;
    }
  }
  return "";
}

std::string difference(const Model& a, const Model& b) {
  if (a.metadata != b.metadata || a.producer_name != b.producer_name || a.producer_version != b.producer_version || a.domain != b.domain ||
      a.doc != b.doc || a.model_version != b.model_version)
    return "model header";
  return difference(a.graph, b.graph);
}
