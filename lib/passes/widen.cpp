// widen: float16 and bfloat16 inside a graph  =>  float32, with a Cast behind each such input and in front of each such output. Fast kernels compute in
// float32 only; constants are converted when the session is made. Results have fewer roundings than the model asks for, never more.
#include <algorithm>

#include "ops/op.h"
#include "passes/match.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace mo::passes {
namespace {

bool is_half(DType d) { return d == DType::f16 || d == DType::bf16; }
bool is_half_number(int64_t number) { return number == static_cast<int64_t>(DType::f16) || number == static_cast<int64_t>(DType::bf16); }

// Attributes that name the dtype of an output.
constexpr const char* k_dtype_attributes[] = {"to", "dtype", "output_dtype", "output_datatype"};

bool fits(const Graph& g) {
  bool any = false;
  for (ValueId v = 0; v < g.value_count(); ++v) {
    const graph::Value& value = g.value(v);
    const graph::Type& t = value.type;
    if (t.kind != graph::Type::Kind::unknown && !t.is_tensor()) return false;
    any |= value.is_constant() ? is_half(value.constant.dtype()) : is_half(t.dtype);
  }
  if (!any || !g.captures.empty()) return false;
  for (ValueId v : g.inputs)
    if (g.value(v).is_constant() || !g.value(v).type.is_tensor()) return false;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    if (n.domain != "" || n.op == "BitCast" || n.op == "Bernoulli" || n.op.starts_with("Sequence") || n.op.starts_with("Optional") ||
        n.op.starts_with("Random"))
      return false;
    for (ValueId v : n.outputs)
      if (v != k_none && !g.value(v).type.is_tensor()) return false;
    if (!graph::subgraphs(n).empty()) return false;
  }
  return true;
}

void add_cast(Graph& g, ValueId from, ValueId to, DType dtype, NodeId before) {
  Node cast;
  cast.op = "Cast";
  cast.name = g.value(to).name;
  cast.inputs = {from};
  cast.outputs = {to};
  cast.set("to", static_cast<int64_t>(dtype));
  if (before == k_none) g.add_node(std::move(cast));
  else g.insert_before(before, std::move(cast));
}

bool run_widen(Graph& g) {
  if (!fits(g)) return false;
  // a graph that has only the casts left which an earlier round put there
  bool inner = false;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    for (ValueId v : n.inputs)
      inner |= n.op != "Cast" && v != k_none && is_half(g.constant_of(v) ? g.constant_of(v)->dtype() : g.value(v).type.dtype);
    for (ValueId v : n.outputs) inner |= n.op != "Cast" && v != k_none && is_half(g.value(v).type.dtype);
  }
  if (!inner) return false;

  struct End {
    size_t index;
    DType dtype;
    graph::Type type;
    std::string name;
  };
  std::vector<End> ends;
  for (size_t i = 0; i < g.outputs.size(); ++i) {
    const graph::Value& v = g.value(g.outputs[i]);
    const DType d = v.is_constant() ? v.constant.dtype() : v.type.dtype;
    if (!is_half(d) || g.is_input(g.outputs[i]) || v.is_constant()) {
      if (is_half(d)) return false;  // an output that nothing computes
      continue;
    }
    ends.push_back({i, d, v.type, v.name});
  }
  for (size_t i = 0; i < ends.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (g.outputs[ends[i].index] == g.outputs[ends[j].index]) return false;

  for (ValueId v = 0; v < g.value_count(); ++v) {
    graph::Value& value = g.value(v);
    if (value.is_constant() && is_half(value.constant.dtype())) {
      value.constant = value.constant.cast(DType::f32);
      value.type = graph::Type::tensor(DType::f32, value.constant.shape());
    }
  }
  const std::vector<NodeId> order = g.order();
  const NodeId first = order.empty() ? k_none : order.front();
  for (NodeId id : order) {
    Node& n = g.edit(id);
    for (const char* name : k_dtype_attributes)
      if (const graph::AttrValue* a = n.find(name); a && std::holds_alternative<int64_t>(*a) && is_half_number(std::get<int64_t>(*a)))
        n.set(name, static_cast<int64_t>(DType::f32));
    if (const Tensor* t = n.tensor("value"); t && is_half(t->dtype())) n.set("value", t->cast(DType::f32));
  }
  const std::vector<ValueId> inputs = g.inputs;
  for (ValueId v : inputs) {
    if (!is_half(g.value(v).type.dtype)) continue;
    graph::Type wide = g.value(v).type;
    wide.dtype = DType::f32;
    ValueId w = g.add_value(g.value(v).name + "_float", wide);
    g.replace_uses(v, w);
    add_cast(g, v, w, DType::f32, first);
  }
  for (const End& e : ends) {
    ValueId old = g.outputs[e.index];
    g.rename_value(old, g.unique_name(e.name + "_float"));
    ValueId narrow = g.add_value(e.name, e.type);
    add_cast(g, old, narrow, e.dtype, k_none);
    g.outputs[e.index] = narrow;
  }
  for (ValueId v = 0; v < g.value_count(); ++v)
    if (g.value(v).producer != k_none) g.value(v).type = graph::Type();
  g.sort();
  ops::infer_graph(g);
  for (NodeId id : order) {  // conversions that are none any more
    const Node& n = g.node(id);
    if (n.op == "Cast" && is_float(g, n.input(0)) && n.i("to", 0) == static_cast<int64_t>(DType::f32)) bypass(g, id, n.output(0), n.input(0));
  }
  g.sort();
  return true;
}

}  // namespace

extern const Pass widen;
const Pass widen{"widen", Stage::enter, run_widen};

}  // namespace mo::passes
