// lower_dynamic: Mul(Cast(MatMulInteger(q, W, z)), Mul(s, ws))  =>  mo.MatMul(q, W, s, z, ws), whose left operand's scale and zero point are computed
// while the model runs, as DynamicQuantizeLinear makes them; ConvInteger becomes mo.Conv likewise.
#include "passes/pass.h"
#include "passes/quantized.h"

namespace mo::passes {
namespace {

// A computed tensor of one element.
bool one_value(const Graph& g, ValueId v) {
  const graph::Type& t = g.value(v).type;
  return !g.constant_of(v) && t.is_static() && element_count(t.shape()) == 1;
}

struct Scales {
  ValueId data = k_none, weights = k_none;
};

// The constant has one number, or one per channel along the axis that is `from_end` axes before the end.
bool fits(const Tensor& c, int64_t channels, int64_t from_end) {
  if (c.size() == 1) return c.rank() <= from_end + 2;
  return c.size() == channels && c.rank() > from_end && c.dim(c.rank() - 1 - from_end) == channels;
}

// v = Mul(computed scale of all data, constant scale of the weights)
std::optional<Scales> scales(const Graph& g, ValueId v, int64_t channels, int64_t from_end) {
  NodeId id = g.producer_if(v, "Mul");
  if (id == k_none) return std::nullopt;
  const Node& n = g.node(id);
  for (size_t i = 0; i < 2; ++i) {
    const Tensor* c = g.constant_of(n.input(i));
    if (!c || c->dtype() != DType::f32 || !is_float(g, n.input(1 - i)) || !one_value(g, n.input(1 - i))) continue;
    if (g.value(n.input(1 - i)).type.rank() > 1 || !fits(*c, channels, from_end)) continue;
    return Scales{n.input(1 - i), n.input(i)};
  }
  return std::nullopt;
}

bool lower(Graph& g, NodeId id) {
  const Node& n = g.node(id);
  for (size_t i = 0; i < 2; ++i) {
    NodeId cast = only(g, n.input(i), "Cast");
    if (cast == k_none || !is_float(g, n.input(i))) continue;
    NodeId product = only(g, g.node(cast).input(0), "MatMulInteger");
    const bool conv = product == k_none;
    if (conv) product = only(g, g.node(cast).input(0), "ConvInteger");
    if (product == k_none) continue;
    const Node& p = g.node(product);
    const Tensor *w = g.constant_of(p.input(1)), *w_zero = g.constant_of(p.input(3));
    if (!w || (conv ? w->rank() < 3 || w->rank() > 4 : w->rank() != 2)) continue;
    if (p.input(3) != k_none && (!w_zero || (w_zero->size() != 1 && w_zero->rank() != 1))) continue;
    const ValueId zero = p.input(2);
    if (zero != k_none && !(g.constant_of(zero) ? g.constant_of(zero)->size() == 1 : one_value(g, zero))) continue;
    const int64_t channels = w->dim(conv ? 0 : 1);
    auto s = scales(g, n.input(1 - i), channels, conv ? w->rank() - 2 : 0);
    if (!s) continue;
    std::vector<std::pair<std::string, graph::AttrValue>> attributes;
    if (conv) attributes = explicit_pads(g, p);
    if (attributes.empty() && conv && !p.attributes.empty()) continue;
    const Tensor& scale = *g.constant_of(s->weights);
    ValueId flat = s->weights;
    if (scale.rank() > 1) flat = g.add_constant(g.value(flat).name, scale.reshaped(scale.size() == 1 ? Shape{} : Shape{channels}));
    std::vector<ValueId> inputs{p.input(0), p.input(1), k_none, k_none, s->data, zero, flat, p.input(3)};
    become(g, id, conv ? "Conv" : "MatMul", "mo", inputs, std::move(attributes), {{product, cast}});
    return true;
  }
  return false;
}

bool run_lower_dynamic(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id) && g.node(id).is("Mul") && g.node(id).inputs.size() == 2) changed |= lower(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass lower_dynamic;
const Pass lower_dynamic{"lower_dynamic", Stage::plan, run_lower_dynamic};

}  // namespace mo::passes
