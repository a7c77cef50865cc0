// identity: y = Identity(x), Dropout at inference, Cast to the same type, Reshape/Expand to the same shape, Transpose that moves nothing,
// Concat/Sum/Max/Min/Mean of one thing  =>  x.
#include <algorithm>

#include "passes/pass.h"
#include "passes/rewrite.h"

namespace mo::passes {

namespace {

using graph::Node;
using graph::ValueId;

bool same_static_type(const Graph& g, ValueId a, ValueId b) {
  const graph::Type &x = g.value(a).type, &y = g.value(b).type;
  return x.is_static() && y.is_static() && x.dtype == y.dtype && x.shape() == y.shape();
}

bool dropout_is_off(const Graph& g, const Node& n) {
  if (n.output(1) != graph::k_none && g.use_count(n.output(1)) > 0) return false;
  if (n.input(2) == graph::k_none) return true;
  const Tensor* training = g.constant_of(n.input(2));
  return training && training->size() == 1 && training->integer() == 0;
}

bool keeps_order(const Graph& g, const Node& n) {
  std::vector<int64_t> perm = n.ints("perm");
  if (perm.empty()) {
    const graph::Type& t = g.value(n.inputs[0]).type;
    return t.ranked && t.rank() <= 1;
  }
  for (size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i)) return false;
  return true;
}

bool does_nothing(const Graph& g, const Node& n) {
  ValueId x = n.input(0), y = n.output(0);
  if (!n.domain.empty() || x == graph::k_none || y == graph::k_none) return false;
  if (n.op == "Identity") return true;
  if (n.op == "Dropout") return dropout_is_off(g, n);
  if (n.op == "Cast")
    return g.value(x).type.is_tensor() && g.value(x).type.dtype != DType::undefined && n.i("to", 0) == static_cast<int64_t>(g.value(x).type.dtype);
  if (n.op == "Transpose") return keeps_order(g, n);
  if (n.op == "Reshape" || n.op == "Expand" || n.op == "Flatten") return same_static_type(g, x, y);
  if (n.op == "Concat" || n.op == "Sum" || n.op == "Max" || n.op == "Min" || n.op == "Mean") return n.inputs.size() == 1;
  return false;
}

bool run_identity(Graph& g) {
  bool changed = false;
  const std::vector<graph::NodeId> order = g.order();
  for (graph::NodeId id : order) {
    const Node& n = g.node(id);
    if (does_nothing(g, n)) changed |= bypass(g, id, n.outputs[0], n.inputs[0]);
  }
  if (changed) g.sort();
  return changed;
}

}  // namespace

extern const Pass identity;
const Pass identity{"identity", Stage::simplify, run_identity};

}  // namespace mo::passes
