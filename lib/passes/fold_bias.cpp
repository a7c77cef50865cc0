// fold_bias: Add(Conv(x, w, b), c)  =>  Conv(x, w, b + c) for a constant c with one number per channel, or one for all (also ConvTranspose): other runtimes,
// and an int32 bias behind a quantized convolution, want it there.
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// What `c` adds to each of `channels` along axis 1 of a tensor of `rank`; empty when it adds something else.
std::vector<float> per_channel(const Tensor& c, int64_t channels, int64_t rank) {
  if (c.dtype() != DType::f32 || c.rank() > rank) return {};
  if (c.size() == 1) return std::vector<float>(static_cast<size_t>(channels), c.floats()[0]);
  const int64_t axis = c.rank() - (rank - 1);  // of the channels in c
  if (c.size() != channels || axis < 0 || c.dim(axis) != channels) return {};
  return c.floats();
}

bool fold_one(Graph& g, NodeId id) {
  for (int i = 0; i < 2; ++i) {
    const Node& add = g.node(id);
    const Tensor* c = g.constant_of(add.input(static_cast<size_t>(i)));
    if (!c) continue;
    NodeId conv = k_none;
    for (const char* op : {"Conv", "ConvTranspose"})
      if (conv == k_none) conv = only(g, add.input(static_cast<size_t>(1 - i)), op);
    if (conv == k_none) continue;
    const Node n = g.node(conv);
    const Tensor *w = g.constant_of(n.input(1)), *b = g.constant_of(n.input(2));
    if (!w || w->dtype() != DType::f32 || w->rank() < 3 || (n.input(2) != k_none && (!b || b->dtype() != DType::f32))) continue;
    const int64_t channels = n.op == "Conv" ? w->dim(0) : w->dim(1) * n.i("group", 1);
    std::vector<float> bias = per_channel(*c, channels, w->rank());
    if (bias.empty() || (b && b->size() != channels)) continue;
    for (size_t k = 0; b && k < bias.size(); ++k) bias[k] += b->floats()[k];
    ValueId v = g.add_constant(g.value(add.input(static_cast<size_t>(i))).name, Tensor::copy_of(DType::f32, {channels}, bias.data()));
    become(g, id, n.op, "", {n.input(0), n.input(1), v}, n.attributes, {{conv}});
    g.remove_node(conv);
    return true;
  }
  return false;
}

bool run_fold_bias(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id) && g.node(id).is("Add") && g.node(id).inputs.size() == 2) changed |= fold_one(g, id);
  return changed;
}

}  // namespace

extern const Pass fold_bias;
const Pass fold_bias{"fold_bias", Stage::simplify, run_fold_bias};

}  // namespace mo::passes
