// common: two nodes with the same operator, attributes and inputs  =>  one; small equal constants  =>  one. Random operators and nodes
// with subgraphs are left alone, and so is a twin whose result is an output of the graph.
#include <map>

#include "ops/op.h"
#include "passes/origin.h"
#include "passes/pass.h"

namespace mo::passes {

namespace {

using graph::Node;
using graph::ValueId;

constexpr int64_t k_small_bytes = 1024;

void append_bytes(std::string& key, const void* data, size_t size) { key.append(static_cast<const char*>(data), size); }

void append_tensor(std::string& key, const Tensor& t) {
  key += describe(t);
  if (t.dtype() == DType::string) {
    for (int64_t i = 0; i < t.size(); ++i) key += text(t.strings()[i].size(), ":", t.strings()[i]);
  } else {
    append_bytes(key, t.raw(), static_cast<size_t>(t.bytes()));
  }
}

// Appends a form of the attribute that is equal only for equal attributes; false for kinds that are not compared.
bool append_attribute(std::string& key, const graph::AttrValue& value) {
  key += text("|", value.index(), "=");
  return std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, float>) append_bytes(key, &v, sizeof v);
        else if constexpr (std::is_same_v<T, std::string>) key += text(v.size(), ":", v);
        else if constexpr (std::is_same_v<T, std::vector<int64_t>> || std::is_same_v<T, std::vector<float>>)
          append_bytes(key, v.data(), v.size() * sizeof v[0]);
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
          for (const std::string& s : v) key += text(s.size(), ":", s);
        else if constexpr (std::is_same_v<T, Tensor>) {
          if (v.size() > k_small_bytes) return false;
          append_tensor(key, v);
        } else return false;
        return true;
      },
      value);
}

bool node_key(const Graph& g, const Node& n, std::string& key) {
  const ops::OpDef* def = ops::find(n.op, n.domain);
  if (!def || (def->flags & (ops::k_random | ops::k_control_flow)) || n.outputs.empty()) return false;
  key = n.domain + "." + n.op;
  for (ValueId v : n.inputs) {
    const Tensor* t = g.constant_of(v);
    if (t && t->bytes() <= k_small_bytes) {
      key += ",c";
      append_tensor(key, *t);
    } else {
      key += text(",", v);
    }
  }
  std::map<std::string, const graph::AttrValue*> sorted;
  for (const auto& [name, value] : n.attributes) sorted.emplace(name, &value);
  for (const auto& [name, value] : sorted) {
    key += "|" + name;
    if (!append_attribute(key, *value)) return false;
  }
  for (ValueId v : n.outputs) key += v == graph::k_none ? "_" : "o";
  return true;
}

bool run_common(Graph& g) {
  bool changed = false;
  std::map<std::string, graph::NodeId> seen;
  const std::vector<graph::NodeId> order = g.order();
  std::string key;
  for (graph::NodeId id : order) {
    const Node& n = g.node(id);
    if (!node_key(g, n, key)) continue;
    auto [it, fresh] = seen.emplace(key, id);
    if (fresh) continue;
    bool gives_output = false;
    for (ValueId v : n.outputs) gives_output |= v != graph::k_none && g.is_output(v);
    if (gives_output) continue;
    const std::vector<ValueId> from = n.outputs, to = g.node(it->second).outputs;
    for (size_t i = 0; i < from.size(); ++i)
      if (from[i] != graph::k_none) g.replace_uses(from[i], to[i]);
    g.remove_node(id);
    changed = true;
  }
  return changed;
}

}  // namespace

extern const Pass common;
const Pass common{"common", Stage::simplify, run_common};

}  // namespace mo::passes
