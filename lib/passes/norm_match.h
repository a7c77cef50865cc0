// What the normalizations over the last axis have in common: a mean that keeps its axis, and a square, however it is spelled.
#pragma once
#include "passes/match.h"

namespace mo::passes {

// n = ReduceMean over the last axis, which stays with size 1.
inline bool mean_over_last(const Graph& g, const Node& n) {
  if (!n.is("ReduceMean") || n.i("keepdims", 1) != 1) return false;
  std::vector<int64_t> axes = n.ints("axes");
  if (n.input(1) != k_none) {
    const Tensor* t = g.constant_of(n.input(1));
    if (!t) return false;
    axes = t->integers();
  }
  const graph::Type& t = g.value(n.input(0)).type;
  return axes.size() == 1 && (axes[0] == -1 || (t.ranked && axes[0] == t.rank() - 1));
}

// v = x^2, as Pow or as a product with itself.
inline bool square_of(const Graph& g, ValueId v, ValueId x) {
  if (NodeId pow = g.producer_if(v, "Pow"); pow != k_none) return g.node(pow).input(0) == x && is_scalar(g, g.node(pow).input(1), 2);
  NodeId mul = g.producer_if(v, "Mul");
  return mul != k_none && g.node(mul).input(0) == x && g.node(mul).input(1) == x;
}

}  // namespace mo::passes
