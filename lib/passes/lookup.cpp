// lookup: QuantizeLinear(f(DequantizeLinear(q)))  =>  mo.Lookup(q, table of 256), for any chain or tree of elementwise operators between that reads one
// 8-bit tensor and scalars, inner Quantize/Dequantize pairs and earlier tables included: a spelled-out GELU becomes one table, exactly.
#include <algorithm>
#include <map>

#include "ops/op.h"
#include "passes/pass.h"
#include "passes/quantized.h"

namespace mo::passes {
namespace {

constexpr int k_max_nodes = 64;

bool is_bytes(const Graph& g, ValueId v) {
  DType d = v == k_none ? DType::undefined : g.value(v).type.dtype;
  return (d == DType::u8 || d == DType::i8) && !g.constant_of(v);
}

bool elementwise(const Node& n) {
  const ops::OpDef* def = ops::find(n.op, n.domain);
  return def && def->run && (def->flags & ops::k_elementwise) && n.outputs.size() == 1 && n.op != "DequantizeLinear" && n.op != "QuantizeLinear";
}

// The 8-bit tensors that `v` is computed from, elementwise. False when something else takes part.
bool sources(const Graph& g, ValueId v, std::vector<ValueId>& found, int& budget) {
  if (const Tensor* t = g.constant_of(v)) return t->size() == 1;
  if (is_bytes(g, v)) {
    if (std::find(found.begin(), found.end(), v) == found.end()) found.push_back(v);
    return true;
  }
  NodeId id = g.value(v).producer;
  if (id == k_none || --budget < 0) return false;
  const Node& n = g.node(id);
  if (n.is("DequantizeLinear")) {
    auto q = dequantized(g, v);
    if (!q) return float_constant(g, v) && float_constant(g, v).size() == 1;
    return sources(g, q->data, found, budget);
  }
  if (!elementwise(n)) return false;
  return std::all_of(n.inputs.begin(), n.inputs.end(), [&](ValueId in) { return in == k_none || sources(g, in, found, budget); });
}

// The inputs of a node that makes 8-bit data out of other data, elementwise: a quantizer, or a mo.Binary that quantizes; empty for any other.
std::vector<ValueId> made_from(const Graph& g, NodeId id) {
  const Node& n = g.node(id);
  if (auto q = quantizer(g, id)) return {q->data};
  if (n.is("Binary", "mo") && n.input(6) != k_none) return {n.input(0), n.input(1)};
  return {};
}

bool sources(const Graph& g, std::span<const ValueId> values, std::vector<ValueId>& found) {
  int budget = k_max_nodes;
  return !values.empty() && std::all_of(values.begin(), values.end(), [&](ValueId v) { return sources(g, v, found, budget); });
}

// Goes back through tables and inner quantizers until one tensor is left; k_none when there is none.
ValueId common_source(const Graph& g, std::vector<ValueId> found) {
  for (int round = 0; found.size() > 1 && round < k_max_nodes; ++round) {
    bool moved = false;
    for (size_t i = 0; i < found.size() && !moved; ++i) {
      NodeId id = g.value(found[i]).producer;
      if (id == k_none) continue;
      std::vector<ValueId> before;
      if (g.node(id).is("Lookup", "mo")) before = {g.node(id).input(0)};
      else if (!sources(g, made_from(g, id), before)) continue;
      found.erase(found.begin() + static_cast<ptrdiff_t>(i));
      for (ValueId b : before)
        if (std::find(found.begin(), found.end(), b) == found.end()) found.push_back(b);
      moved = true;
    }
    if (!moved) return k_none;
  }
  return found.size() == 1 ? found[0] : k_none;
}

// Runs the operators between on all 256 bytes.
Tensor evaluate(const Graph& g, ValueId v, std::map<ValueId, Tensor>& done) {
  if (auto it = done.find(v); it != done.end()) return it->second;
  if (const Tensor* t = g.constant_of(v)) return t->size() == 1 ? t->reshaped({}) : *t;
  const Node& n = g.node(g.value(v).producer);
  std::vector<Datum> data;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    ValueId in = n.inputs[i];
    if (in == k_none) data.emplace_back();
    else if (const Tensor* t = g.constant_of(in); t && t->size() == 256 && n.is("Lookup", "mo") && i == 1) data.emplace_back(*t);
    else data.emplace_back(evaluate(g, in, done));
  }
  std::vector<const Datum*> in;
  for (const Datum& d : data) in.push_back(&d);
  Datum out[1];
  ops::Run run(n, in, out);
  ops::run_node(run);
  return done[v] = out[0].tensor;
}

bool make_table(Graph& g, NodeId id) {
  std::vector<ValueId> found;
  if (!sources(g, made_from(g, id), found) || found.empty()) return false;
  ValueId x = common_source(g, found);
  if (x == k_none || !same_shape(g, x, g.node(id).output(0))) return false;
  Tensor all = Tensor::allocate(g.value(x).type.dtype, {256});
  for (int i = 0; i < 256; ++i) static_cast<uint8_t*>(all.raw_mutable())[i] = static_cast<uint8_t>(i);
  std::map<ValueId, Tensor> done{{x, all}};
  Tensor table = evaluate(g, g.node(id).output(0), done);
  if (table.size() != 256) return false;
  std::vector<NodeId> swallowed;
  for (const auto& [v, t] : done)
    if (v != x && g.value(v).producer != k_none && g.value(v).producer != id) swallowed.push_back(g.value(v).producer);
  ValueId t = g.add_constant(g.value(g.node(id).output(0)).name + "_table", table);
  become(g, id, "Lookup", "mo", {x, t}, {}, swallowed);
  return true;
}

// Lookup(Lookup(x)) => Lookup(x) when nothing else reads the inner one.
bool join_tables(Graph& g, NodeId id) {
  NodeId inner = only(g, g.node(id).input(0), "Lookup", "mo");
  if (inner == k_none) return false;
  const Tensor *first = g.constant_of(g.node(inner).input(1)), *second = g.constant_of(g.node(id).input(1));
  if (!first || !second || info(first->dtype()).bits != 8) return false;
  Tensor joined = second->clone();
  int64_t width = second->bytes() / 256;
  for (int i = 0; i < 256; ++i) {
    int at = static_cast<const uint8_t*>(first->raw())[i];
    std::copy_n(static_cast<const char*>(second->raw()) + at * width, width, static_cast<char*>(joined.raw_mutable()) + i * width);
  }
  ValueId t = g.add_constant(g.value(g.node(id).input(1)).name, joined), x = g.node(inner).input(0);
  become(g, id, "Lookup", "mo", {x, t}, {}, {{inner}});
  g.remove_node(inner);
  return true;
}

bool run_lookup(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id)) continue;
    if (g.node(id).is("QuantizeLinear") || g.node(id).is("Binary", "mo")) changed |= make_table(g, id);
    if (g.node(id).is("Lookup", "mo")) changed |= join_tables(g, id);
  }
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass lookup;
const Pass lookup{"lookup", Stage::plan, run_lookup};

}  // namespace mo::passes
