// fuse_shuffle: Reshape(Transpose(Reshape(x, [n, g, c/g, h, w]), [0, 2, 1, 3, 4]), [n, c, h, w])  =>  Gather<axis=1>(x, order), which needs no other
// layout: the channel shuffle of ShuffleNet.
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

bool run_fuse_shuffle(Graph &g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id) || !g.node(id).is("Reshape")) continue;
    NodeId transpose = only(g, g.node(id).input(0), "Transpose");
    if (transpose == k_none) continue;
    NodeId first = only(g, g.node(transpose).input(0), "Reshape");
    if (first == k_none) continue;
    ValueId x = g.node(first).input(0), y = g.node(id).output(0), split = g.node(first).output(0);
    const graph::Type &tx = g.value(x).type, &ts = g.value(split).type;
    if (tx.rank() < 3 || ts.rank() != tx.rank() + 1 || !same_shape(g, x, y)) continue;
    std::vector<int64_t> perm = perm_of(g, g.node(transpose));
    bool swaps = perm.size() == ts.dims.size() && perm[0] == 0 && perm[1] == 2 && perm[2] == 1;
    for (size_t i = 3; swaps && i < perm.size(); ++i)
      swaps = perm[i] == static_cast<int64_t>(i) && ts.dims[i] == tx.dims[i - 1] && ts.dims[i].known();
    const graph::Dim &a = ts.dims[1], &b = ts.dims[2], &c = tx.dims[1];
    if (!swaps || !a.known() || !b.known() || !c.known() || a.size * b.size != c.size || !(ts.dims[0] == tx.dims[0])) continue;
    Tensor index = Tensor::allocate(DType::i64, {c.size});
    for (int64_t i = 0; i < c.size; ++i) index.mutable_data<int64_t>()[i] = i % a.size * b.size + i / a.size;
    ValueId v = g.add_constant(g.value(y).name + "_order", std::move(index));
    become(g, id, "Gather", "", {x, v}, {{"axis", int64_t{1}}}, {{transpose, first}});
    g.remove_node(transpose);
    g.remove_node(first);
    changed = true;
  }
  return changed;
}

}  // namespace

extern const Pass fuse_shuffle;
const Pass fuse_shuffle{"fuse_shuffle", Stage::plan, run_fuse_shuffle};

}  // namespace mo::passes
