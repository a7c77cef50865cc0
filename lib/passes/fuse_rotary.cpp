// fuse_rotary: x · cos + Concat(−x[half:], x[:half]) · sin, with the transposes and reshapes in front of x  =>  mo.Rotary(x, cos, sin), which reads
// by strides. Shapes have to be static.
#include "ops/rotary_view.h"
#include "passes/pass.h"
#include "passes/strided_view.h"

namespace mo::passes {
namespace {

bool static_float(const Graph& g, ValueId v) { return is_float(g, v) && g.value(v).type.is_static() && element_count(g.value(v).type.shape()) > 0; }

bool same_modes(const Modes& a, const Modes& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Mode& x, const Mode& y) { return x.size == y.size && x.stride == y.stride; });
}

// `turned` is Concat(-second half, first half) of `x` along the last axis.
bool is_turned(const Graph& g, ValueId turned, ValueId x, std::vector<NodeId>& gone) {
  NodeId concat = only(g, turned, "Concat");
  if (concat == k_none || g.node(concat).inputs.size() != 2) return false;
  const int64_t rank = g.value(x).type.rank(), axis = g.node(concat).i("axis", 0);
  if (axis != -1 && axis != rank - 1) return false;
  NodeId neg = only(g, g.node(concat).input(0), "Neg");
  ValueId first = g.node(concat).input(1);
  if (neg == k_none || !static_float(g, first)) return false;
  ValueId second = g.node(neg).input(0);
  if (!static_float(g, second) || !same_shape(g, first, second)) return false;
  StridedView whole = view_of(g, x), a = view_of(g, first), b = view_of(g, second);
  auto last = whole.axes.empty() ? std::nullopt : single(whole.axes.back());
  if (!last || last->size % 2 != 0 || a.base != whole.base || b.base != whole.base || a.axes.size() != whole.axes.size() || b.axes.size() != whole.axes.size()) return false;
  const int64_t half = last->size / 2;
  if (a.offset != whole.offset || b.offset != whole.offset + half * last->stride || size_of(a.axes.back()) != half) return false;
  for (size_t i = 0; i < whole.axes.size(); ++i) {
    if (!same_modes(a.axes[i], b.axes[i])) return false;
    if (i + 1 < whole.axes.size() && !same_modes(a.axes[i], whole.axes[i])) return false;
  }
  auto part = single(a.axes.back());
  if (!part || (half > 1 && part->stride != last->stride)) return false;
  gone.push_back(concat);
  gone.push_back(neg);
  return true;
}

bool fuse_one(Graph& g, NodeId add) {
  const Node& n = g.node(add);
  if (!n.is("Add") || n.inputs.size() != 2 || !static_float(g, n.output(0))) return false;
  NodeId mul[2] = {only(g, n.inputs[0], "Mul"), only(g, n.inputs[1], "Mul")};
  if (mul[0] == k_none || mul[1] == k_none || mul[0] == mul[1]) return false;
  const Shape shape = g.value(n.output(0)).type.shape();
  for (int swapped = 0; swapped < 8; ++swapped) {
    const Node &plain = g.node(mul[swapped & 1]), &other = g.node(mul[1 - (swapped & 1)]);
    const size_t px = (swapped >> 1) & 1, ox = (swapped >> 2) & 1;
    if (plain.inputs.size() != 2 || other.inputs.size() != 2) return false;
    ValueId x = plain.inputs[px], cosine = plain.inputs[1 - px], turned = other.inputs[ox], sine = other.inputs[1 - ox];
    std::vector<NodeId> gone{mul[0], mul[1]};
    if (!static_float(g, x) || !static_float(g, cosine) || !static_float(g, sine) || g.value(x).type.shape() != shape || shape.empty()) continue;
    if (!is_turned(g, turned, x, gone)) continue;
    StridedView views[3] = {view_of(g, x), g.constant_of(cosine) ? dense_view(g, cosine) : view_of(g, cosine), g.constant_of(sine) ? dense_view(g, sine) : view_of(g, sine)};
    Modes outer[3];
    std::optional<Mode> last[3];
    bool ok = true;
    for (int i = 0; i < 3 && ok; ++i) {
      ok = broadcast_to(views[i], shape);
      if (!ok) break;
      for (size_t axis = 0; axis + 1 < shape.size(); ++axis) outer[i].insert(outer[i].end(), views[i].axes[axis].begin(), views[i].axes[axis].end());
      last[i] = single(views[i].axes.back());
      ok = last[i].has_value();
    }
    Modes* lists[3] = {&outer[0], &outer[1], &outer[2]};
    if (!ok || !refine(lists)) continue;
    ops::RotaryView view;
    for (const Mode& m : outer[0]) view.outer.push_back(m.size);
    ops::RotaryOperand* operands[3] = {&view.x, &view.cosine, &view.sine};
    for (int i = 0; i < 3; ++i) {
      operands[i]->offset = views[i].offset;
      for (const Mode& m : outer[i]) operands[i]->strides.push_back(m.stride);
      operands[i]->strides.push_back(last[i]->stride);
    }
    view.width = shape.back();
    view.shape = shape;
    become(g, add, "Rotary", "mo", {views[0].base, views[1].base, views[2].base}, ops::attributes(view), gone);
    return true;
  }
  return false;
}

bool run_fuse_rotary(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id)) changed |= fuse_one(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_rotary;
const Pass fuse_rotary{"fuse_rotary", Stage::plan, run_fuse_rotary};

}  // namespace mo::passes
