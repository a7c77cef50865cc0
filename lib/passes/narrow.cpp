// narrow_convolutions: mo.Conv -> mo.Conv -> MaxPool on float32  =>  Cast to bfloat16 -> mo.Conv -> mo.Conv -> MaxPool -> Cast back. Sums stay float32
// inside a convolution; what lies between two of them is rounded. Weights stay as they are: kernels round them when they pack.
#include "passes/narrow.h"

#include <algorithm>
#include <map>

#include "passes/match.h"

namespace mo::passes {
namespace {

// Multiply-accumulates that the narrow form saves, and elements that a cast handles, in a microsecond; of one fast core, only their ratio matters.
constexpr double k_macs_saved = 160e3, k_casts = 7e3;

bool is_conv(const Graph& g, const Node& n) {
  if (!n.is("Conv", "mo") || !is_float(g, n.input(0)) || !is_float(g, n.output(0))) return false;
  const Tensor* w = g.constant_of(n.input(1));
  if (!w || w->dtype() != DType::f32 || n.input(4) != k_none || n.input(6) != k_none || n.input(8) != k_none) return false;
  return n.input(3) == k_none || (is_float(g, n.input(3)) && !g.constant_of(n.input(3)) && same_shape(g, n.input(3), n.output(0)));
}

// Moves values without changing them, whatever their dtype.
bool is_carrier(const Graph& g, const Node& n) {
  if (!n.domain.empty() || n.outputs.size() != 1 || (n.op != "MaxPool" && n.op != "Concat")) return false;
  return std::all_of(n.inputs.begin(), n.inputs.end(), [&](ValueId v) { return is_float(g, v) && !g.constant_of(v); });
}

double elements(const Graph& g, ValueId v) { return static_cast<double>(element_count(g.value(v).type.shape())); }

// Input numbers of values that become narrow.
std::vector<size_t> data_inputs(const Node& n) {
  if (n.domain == "mo") return n.input(3) == k_none ? std::vector<size_t>{0} : std::vector<size_t>{0, 3};
  std::vector<size_t> all(n.inputs.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

struct Chosen {
  std::vector<char> node;  // by NodeId
  bool has(NodeId id) const { return id != k_none && id < static_cast<NodeId>(node.size()) && node[static_cast<size_t>(id)]; }
};

bool reads_narrow(const Graph& g, NodeId user, ValueId v) {
  const Node& n = g.node(user);
  for (size_t i : data_inputs(n))
    if (n.inputs[i] == v) return true;
  return false;
}

// What a node saves less what the casts around it cost, in microseconds.
double gain(const Graph& g, NodeId id, const Chosen& chosen) {
  const Node& n = g.node(id);
  double us = 0;
  if (n.domain == "mo") {
    const Tensor& w = *g.constant_of(n.input(1));
    us += elements(g, n.output(0)) * static_cast<double>(w.size() / std::max<int64_t>(1, w.shape()[0])) / k_macs_saved;
  }
  for (size_t i : data_inputs(n))
    if (!chosen.has(g.value(n.inputs[i]).producer)) us -= elements(g, n.inputs[i]) / k_casts;
  const graph::Value& y = g.value(n.outputs[0]);
  const bool wanted_wide = g.is_output(n.outputs[0]) ||
                           std::any_of(y.users.begin(), y.users.end(), [&](NodeId u) { return !chosen.has(u) || !reads_narrow(g, u, n.outputs[0]); });
  if (wanted_wide) us -= elements(g, n.outputs[0]) / k_casts;
  return us;
}

NodeId cast(Graph& g, ValueId from, ValueId to, DType dtype) {
  Node n;
  n.op = "Cast";
  n.name = g.value(to).name;
  n.inputs = {from};
  n.outputs = {to};
  n.set("to", static_cast<int64_t>(dtype));
  return g.add_node(std::move(n));
}

}  // namespace

int narrow_convolutions(Graph& g, DType to) {
  const std::vector<NodeId> order = g.order();
  Chosen chosen;
  for (NodeId id : order) {
    chosen.node.resize(std::max(chosen.node.size(), static_cast<size_t>(id) + 1));
    const Node& n = g.node(id);
    const auto known = [&](ValueId v) { return v == k_none || g.value(v).type.is_static(); };
    if (!std::all_of(n.inputs.begin(), n.inputs.end(), known) || !std::all_of(n.outputs.begin(), n.outputs.end(), known)) continue;
    chosen.node[static_cast<size_t>(id)] = is_conv(g, n) || is_carrier(g, n);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (NodeId id : order)
      if (chosen.has(id) && gain(g, id, chosen) < 0) {
        chosen.node[static_cast<size_t>(id)] = 0;
        changed = true;
      }
  }
  std::map<ValueId, ValueId> narrow;  // a value and its narrow form
  auto narrow_of = [&](ValueId v) {
    ValueId& made = narrow.try_emplace(v, k_none).first->second;
    if (made != k_none) return made;
    graph::Type type = g.value(v).type;
    type.dtype = to;
    made = g.add_value(g.value(v).name + "_" + std::string(name(to)), type);
    return made;
  };
  int count = 0;
  for (NodeId id : order) {
    if (!chosen.has(id)) continue;
    ++count;
    for (size_t i : data_inputs(g.node(id))) {
      const ValueId v = g.node(id).inputs[i];
      const bool is_new = narrow.find(v) == narrow.end();
      const ValueId small = narrow_of(v);
      if (is_new && !chosen.has(g.value(v).producer)) cast(g, v, small, to);
      g.set_input(id, i, small);
    }
    const ValueId y = g.node(id).outputs[0], small = narrow_of(y);
    g.set_output(id, 0, small);
    if (g.is_output(y) || !g.value(y).users.empty()) cast(g, small, y, DType::f32);
  }
  if (count == 0) return 0;
  g.sort();
  g.remove_dead();
  return count;
}

}  // namespace mo::passes
