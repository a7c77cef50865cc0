// fuse_rotary: x · cos + Concat(−x[half:], x[:half]) · sin, or Concat(a · cos − b · sin, a · sin + b · cos) of the halves or of the even and odd elements
// a, b of x, with the transposes and reshapes in front of x  =>  mo.Rotary(x, cos, sin), which reads by strides. Shapes have to be static.
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
  if (!last || last->size % 2 != 0 || a.base != whole.base || b.base != whole.base || a.axes.size() != whole.axes.size() ||
      b.axes.size() != whole.axes.size())
    return false;
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
    StridedView views[3] = {view_of(g, x), g.constant_of(cosine) ? dense_view(g, cosine) : view_of(g, cosine),
                            g.constant_of(sine) ? dense_view(g, sine) : view_of(g, sine)};
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

// v = p · q + sign · r · s as its two products.
struct Pairs {
  NodeId sum = k_none, first = k_none, second = k_none;
};
std::optional<Pairs> two_products(const Graph& g, ValueId v, const char* op) {
  Pairs p;
  p.sum = only(g, v, op);
  if (p.sum == k_none || g.node(p.sum).inputs.size() != 2) return std::nullopt;
  p.first = only(g, g.node(p.sum).inputs[0], "Mul");
  p.second = only(g, g.node(p.sum).inputs[1], "Mul");
  if (p.first == k_none || p.second == k_none || p.first == p.second) return std::nullopt;
  return p;
}

bool multiplies(const Node& n, ValueId a, ValueId b) { return (n.input(0) == a && n.input(1) == b) || (n.input(0) == b && n.input(1) == a); }

// Concat(a c - b s, a s + b c) along the last axis.
bool fuse_parts(Graph& g, NodeId concat) {
  const Node& n = g.node(concat);
  if (!n.is("Concat") || n.inputs.size() != 2 || !static_float(g, n.output(0))) return false;
  const Shape shape = g.value(n.output(0)).type.shape();
  const int64_t rank = static_cast<int64_t>(shape.size()), axis = n.i("axis", 0);
  if (rank < 2 || (axis != -1 && axis != rank - 1)) return false;
  auto minus = two_products(g, n.inputs[0], "Sub"), plus = two_products(g, n.inputs[1], "Add");
  if (!minus || !plus) return false;
  const Node &ac = g.node(minus->first), &bs = g.node(minus->second);
  for (int turn = 0; turn < 4; ++turn) {
    ValueId a = ac.inputs[turn & 1], c = ac.inputs[1 - (turn & 1)], b = bs.inputs[turn >> 1], s = bs.inputs[1 - (turn >> 1)];
    const Node &p = g.node(plus->first), &q = g.node(plus->second);
    if (!(multiplies(p, a, s) && multiplies(q, b, c)) && !(multiplies(p, b, c) && multiplies(q, a, s))) continue;
    if (!static_float(g, a) || !static_float(g, b) || !static_float(g, c) || !static_float(g, s) || !same_shape(g, a, b) ||
        !same_shape(g, a, n.inputs[0]))
      continue;
    const Shape part = g.value(a).type.shape();
    StridedView views[3] = {view_of(g, a), view_of(g, c), view_of(g, s)}, second = view_of(g, b);
    if (second.base != views[0].base || second.axes.size() != views[0].axes.size()) continue;
    bool same = true;
    for (size_t i = 0; i < second.axes.size(); ++i) same &= same_modes(second.axes[i], views[0].axes[i]);
    if (!same || !broadcast_to(views[1], part) || !broadcast_to(views[2], part)) continue;
    // Pairs run along the last axis (halves), or along the one before it when the last has one entry (even and odd).
    const bool interleaved = part.back() == 1;
    const size_t along = part.size() - (interleaved ? 2 : 1);
    std::optional<Mode> steps[3];
    bool ok = true;
    Modes outer[3];
    for (int i = 0; i < 3; ++i) {
      steps[i] = single(views[i].axes[along]);
      ok &= steps[i].has_value();
      for (size_t k = 0; k < along; ++k) outer[i].insert(outer[i].end(), views[i].axes[k].begin(), views[i].axes[k].end());
    }
    Modes* lists[3] = {&outer[0], &outer[1], &outer[2]};
    if (!ok || !refine(lists)) continue;
    const int64_t half = part[along], step = half == 1 ? (interleaved ? 2 : 1) : steps[0]->stride;
    ops::RotaryView view;
    view.interleaved = interleaved;
    view.by_pair = true;
    view.width = 2 * half;
    // the other element of a pair: next to the first, or half the width behind it
    const int64_t unit = interleaved ? step / 2 : step;
    if (interleaved && step % 2 != 0) continue;
    if (second.offset - views[0].offset != (interleaved ? unit : half * unit)) continue;
    for (const Mode& m : outer[0]) view.outer.push_back(m.size);
    ops::RotaryOperand* operands[3] = {&view.x, &view.cosine, &view.sine};
    for (int i = 0; i < 3; ++i) {
      operands[i]->offset = views[i].offset;
      for (const Mode& m : outer[i]) operands[i]->strides.push_back(m.stride);
      operands[i]->strides.push_back(i == 0 ? unit : steps[i]->stride);
    }
    view.shape = shape;
    const NodeId gone[] = {minus->sum, minus->first, minus->second, plus->sum, plus->first, plus->second};
    become(g, concat, "Rotary", "mo", {views[0].base, views[1].base, views[2].base}, ops::attributes(view), gone);
    return true;
  }
  return false;
}

bool run_fuse_rotary(Graph& g) {
  bool changed = false;
  const std::vector<NodeId> order = g.order();
  for (NodeId id : order)
    if (g.alive(id)) changed |= fuse_one(g, id) || fuse_parts(g, id);
  if (changed) g.remove_dead();
  return changed;
}

}  // namespace

extern const Pass fuse_rotary;
const Pass fuse_rotary{"fuse_rotary", Stage::plan, run_fuse_rotary};

}  // namespace mo::passes
