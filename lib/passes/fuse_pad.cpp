// fuse_pad: Conv(Pad(x, zeros around the spatial axes), w)  =>  Conv(x, w) with larger pads
#include "passes/match.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

// Spatial padding [begin..., end...] of a Pad with constant zeros; empty when it is something else.
std::vector<int64_t> zero_padding(const Graph& g, const Node& pad) {
  if (pad.s("mode", "constant") != "constant" || pad.input(3) != k_none) return {};
  if (pad.input(2) != k_none && !(scalar(g, pad.input(2)) && *scalar(g, pad.input(2)) == 0)) return {};
  const Tensor* t = g.constant_of(pad.input(1));
  if (!t) return {};
  std::vector<int64_t> all = t->integers();
  size_t rank = all.size() / 2;
  if (rank < 3 || all[0] || all[1] || all[rank] || all[rank + 1]) return {};
  std::vector<int64_t> out(all.begin() + 2, all.begin() + static_cast<ptrdiff_t>(rank));
  out.insert(out.end(), all.begin() + static_cast<ptrdiff_t>(rank) + 2, all.end());
  for (int64_t v : out)
    if (v < 0) return {};
  return out;
}

bool run_fuse_pad(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order) {
    if (!g.alive(id) || !g.node(id).is("Conv")) continue;
    const Node& conv = g.node(id);
    std::string how = conv.s("auto_pad", "NOTSET");
    if (how != "NOTSET" && how != "VALID") continue;
    NodeId pad = only(g, conv.input(0), "Pad");
    if (pad == k_none) continue;
    std::vector<int64_t> more = zero_padding(g, g.node(pad)), pads = conv.ints("pads", std::vector<int64_t>(more.size(), 0));
    if (how == "VALID") pads.assign(more.size(), 0);
    if (more.empty() || pads.size() != more.size()) continue;
    for (size_t i = 0; i < pads.size(); ++i) pads[i] += more[i];
    auto attributes = conv.attributes;
    std::erase_if(attributes, [](const auto& a) { return a.first == "auto_pad" || a.first == "pads"; });
    attributes.emplace_back("pads", pads);
    std::vector<ValueId> inputs = conv.inputs;
    inputs[0] = g.node(pad).input(0);
    become(g, id, "Conv", "", inputs, std::move(attributes), {{pad}});
    g.remove_node(pad);
    changed = true;
  }
  return changed;
}

}  // namespace

extern const Pass fuse_pad;
const Pass fuse_pad{"fuse_pad", Stage::simplify, run_fuse_pad};

}  // namespace mo::passes
