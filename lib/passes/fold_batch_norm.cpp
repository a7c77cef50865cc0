// fold_batch_norm: BatchNormalization(Conv(x, w, b))  =>  Conv(x, w', b')   (also ConvTranspose, Gemm, MatMul, and an Add of a constant between)
#include <cmath>

#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

struct Affine {  // y = x * scale + shift per channel
  std::vector<float> scale, shift;
};

bool affine_of(const Graph& g, const Node& bn, Affine& out) {
  if (bn.i("training_mode", 0) != 0) return false;
  for (size_t i = 1; i < bn.outputs.size(); ++i)
    if (bn.outputs[i] != k_none) return false;
  std::vector<float> p[4];
  for (size_t i = 0; i < 4; ++i) {
    const Tensor* t = g.constant_of(bn.input(i + 1));
    if (!t || !is_floating(t->dtype())) return false;
    p[i] = t->floats();
  }
  float epsilon = bn.f("epsilon", 1e-5f);
  for (size_t i = 0; i < p[0].size(); ++i) {
    float scale = static_cast<float>(static_cast<double>(p[0][i]) / std::sqrt(static_cast<double>(p[3][i]) + epsilon));
    out.scale.push_back(scale);
    out.shift.push_back(p[1][i] - p[2][i] * scale);
  }
  return true;
}

// Multiplies w along an axis seen as [outer, n, inner].
Tensor scaled(const Tensor& w, int64_t outer, int64_t n, int64_t inner, const std::vector<float>& scale) {
  Tensor out = w.clone();
  float* p = out.mutable_data<float>();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t c = 0; c < n; ++c)
      for (int64_t i = 0; i < inner; ++i) *p++ *= scale[static_cast<size_t>(c)];
  return out;
}

// The weights with the channels scaled; empty when the node is none that can take them.
Tensor scaled_weights(const Node& n, const Tensor& w, const std::vector<float>& scale) {
  const int64_t channels = static_cast<int64_t>(scale.size());
  if (n.op == "Conv") {
    if (w.rank() < 3 || w.dim(0) != channels) return {};
    return scaled(w, 1, channels, w.size() / channels, scale);
  }
  if (n.op == "ConvTranspose") {  // [c, m / groups, ...]: each group of input rows sees its own part of the channels
    int64_t groups = n.i("group", 1);
    if (w.rank() < 3 || w.dim(1) * groups != channels || w.dim(0) % groups != 0) return {};
    int64_t part = channels / groups, rows = w.dim(0) / groups, inner = w.size() / w.dim(0) / part;
    Tensor out = w.clone();
    float* p = out.mutable_data<float>();
    for (int64_t r = 0; r < w.dim(0); ++r)
      for (int64_t c = 0; c < part; ++c)
        for (int64_t i = 0; i < inner; ++i) *p++ *= scale[static_cast<size_t>(r / rows * part + c)];
    return out;
  }
  if (w.rank() != 2) return {};
  const bool transposed = n.op == "Gemm" && n.i("transB", 0) != 0;
  if (w.dim(transposed ? 0 : 1) != channels) return {};
  return transposed ? scaled(w, 1, channels, w.dim(1), scale) : scaled(w, w.dim(0), channels, 1, scale);
}

bool fold_one(Graph& g, NodeId id) {
  const Node& bn = g.node(id);
  Affine a;
  if (!affine_of(g, bn, a)) return false;
  ValueId x = bn.input(0);
  NodeId add = k_none, product = k_none;
  const Tensor* added = nullptr;
  if ((add = only(g, x, "Add")) != k_none) {
    const Node& n = g.node(add);
    for (int i = 0; i < 2 && product == k_none; ++i) {
      added = g.constant_of(n.input(i));
      if (!added || added->dtype() != DType::f32 || (added->size() != static_cast<int64_t>(a.scale.size()) && added->size() != 1)) continue;
      product = only(g, n.input(1 - i), "MatMul");
    }
    if (product == k_none) return false;
    const graph::Type& t = g.value(x).type;  // the normalised axis is 1: it has to be the columns
    if (t.rank() != 2 || (added->rank() > 1 && added->dim(0) != 1)) return false;
  } else {
    for (const char* op : {"Conv", "ConvTranspose", "Gemm", "MatMul"})
      if ((product = only(g, x, op)) != k_none) break;
    if (product == k_none) return false;
    if (g.node(product).op == "MatMul" && g.value(x).type.rank() != 2) return false;
  }
  const Node& n = g.node(product);
  const Tensor* w = g.constant_of(n.input(1));
  if (!w || w->dtype() != DType::f32) return false;
  const bool gemm = n.op == "Gemm", matmul = n.op == "MatMul";
  if (gemm && (n.f("alpha", 1) != 1 || n.f("beta", 1) != 1)) return false;
  std::vector<float> bias(a.scale.size(), 0.0f);
  if (added) {
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = added->floats()[added->size() == 1 ? 0 : i];
  } else if (n.input(2) != k_none) {
    const Tensor* b = g.constant_of(n.input(2));
    if (!b || b->dtype() != DType::f32 || (b->size() != static_cast<int64_t>(bias.size()) && b->size() != 1) || (b->rank() > 1 && b->dim(0) != 1))
      return false;
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = b->floats()[b->size() == 1 ? 0 : i];
  }
  Tensor weights = scaled_weights(n, *w, a.scale);
  if (!weights) return false;
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = bias[i] * a.scale[i] + a.shift[i];
  ValueId wv = g.add_constant(g.value(n.input(1)).name, std::move(weights));
  const int64_t channels = static_cast<int64_t>(bias.size());
  ValueId bv = g.add_constant(g.value(bn.input(2)).name, Tensor::copy_of(DType::f32, {channels}, bias.data()));
  std::vector<NodeId> swallowed{product};
  if (add != k_none) swallowed.push_back(add);
  become(g, id, matmul ? "Gemm" : n.op, "", {n.input(0), wv, bv}, n.attributes, swallowed);
  if (add != k_none) g.remove_node(add);
  g.remove_node(product);
  return true;
}

bool run_fold_batch_norm(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id) && g.node(id).is("BatchNormalization")) changed |= fold_one(g, id);
  return changed;
}

}  // namespace

extern const Pass fold_batch_norm;
const Pass fold_batch_norm{"fold_batch_norm", Stage::simplify, run_fold_batch_norm};

}  // namespace mo::passes
