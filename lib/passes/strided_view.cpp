// Values as strided views of earlier ones.
#include "passes/strided_view.h"

#include <algorithm>

namespace mo::passes {
namespace {

constexpr int k_max_depth = 24;

// Joins neighbours that are one walk, drops modes of one step.
Modes joined(const Modes& modes) {
  Modes out;
  for (const Mode& m : modes) {
    if (m.size == 1) continue;
    if (!out.empty() && out.back().stride == m.size * m.stride) out.back() = {out.back().size * m.size, m.stride};
    else out.push_back(m);
  }
  return out;
}

std::optional<std::vector<int64_t>> constant_ints(const Graph& g, ValueId v) {
  const Tensor* t = v == k_none ? nullptr : g.constant_of(v);
  if (!t || !is_integer(t->dtype())) return std::nullopt;
  return t->integers();
}

// Keeps entries [from, from + count) of an axis.
bool narrow(StridedView& v, size_t axis, int64_t from, int64_t count) {
  std::optional<Mode> m = single(v.axes[axis]);
  if (!m || from < 0 || count < 1 || from + count > m->size) return false;
  v.offset += from * m->stride;
  v.axes[axis] = joined({{count, m->stride}});
  return true;
}

bool slice(const Graph& g, const Node& n, StridedView& v) {
  auto starts = constant_ints(g, n.input(1)), ends = constant_ints(g, n.input(2));
  if (!starts || !ends || starts->size() != ends->size()) return false;
  std::vector<int64_t> axes;
  if (n.input(3) != k_none) {
    auto given = constant_ints(g, n.input(3));
    if (!given) return false;
    axes = *given;
  } else {
    for (size_t i = 0; i < starts->size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (n.input(4) != k_none) {
    auto steps = constant_ints(g, n.input(4));
    if (!steps || std::any_of(steps->begin(), steps->end(), [](int64_t s) { return s != 1; })) return false;
  }
  const int64_t rank = static_cast<int64_t>(v.axes.size());
  if (axes.size() != starts->size()) return false;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank) return false;
    const int64_t size = size_of(v.axes[static_cast<size_t>(axis)]);
    auto inside = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    const int64_t from = inside((*starts)[i]), to = inside((*ends)[i]);
    if (!narrow(v, static_cast<size_t>(axis), from, to - from)) return false;
  }
  return true;
}

bool pick(const Graph& g, const Node& n, StridedView& v) {
  auto index = constant_ints(g, n.input(1));
  const int64_t rank = static_cast<int64_t>(v.axes.size()), given = n.i("axis", 0), axis = given < 0 ? given + rank : given;
  if (!index || index->size() != 1 || axis < 0 || axis >= rank || g.constant_of(n.input(1))->rank() > 1) return false;
  const size_t a = static_cast<size_t>(axis);
  const int64_t at = index->front() < 0 ? index->front() + size_of(v.axes[a]) : index->front();
  if (!narrow(v, a, at, 1)) return false;
  if (g.constant_of(n.input(1))->rank() == 0) v.axes.erase(v.axes.begin() + axis);
  return true;
}

bool part(const Graph& g, const Node& n, ValueId wanted, StridedView& v) {
  const int64_t rank = static_cast<int64_t>(v.axes.size()), given = n.i("axis", 0), axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank) return false;
  int64_t from = 0;
  for (ValueId y : n.outputs) {
    if (y == k_none || !g.value(y).type.is_static() || g.value(y).type.rank() != rank) return false;
    const int64_t count = g.value(y).type.dims[static_cast<size_t>(axis)].size;
    if (y == wanted) return narrow(v, static_cast<size_t>(axis), from, count);
    from += count;
  }
  return false;
}

// Concat of one thing with itself along an axis of size 1.
bool repeat(const Node& n, StridedView& v) {
  const int64_t rank = static_cast<int64_t>(v.axes.size()), given = n.i("axis", 0), axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank || std::any_of(n.inputs.begin(), n.inputs.end(), [&](ValueId x) { return x != n.inputs[0]; })) return false;
  Modes& modes = v.axes[static_cast<size_t>(axis)];
  if (size_of(modes) != 1) return false;
  modes = joined({{static_cast<int64_t>(n.inputs.size()), 0}});
  return true;
}

std::optional<std::pair<ValueId, float>> scalar_factor(const Graph& g, const Node& n) {
  if (n.op == "Mul") {
    if (auto s = with_scalar(g, n)) return std::pair{s->rest, s->value};
  } else if (n.op == "Div") {
    auto s = scalar(g, n.input(1));
    if (s && *s != 0 && g.constant_of(n.input(1))->rank() == 0) return std::pair{n.input(0), 1 / *s};
  }
  return std::nullopt;
}

StridedView look(const Graph& g, ValueId v, bool factors, int depth) {
  StridedView own = dense_view(g, v);
  NodeId p = g.value(v).producer;
  if (p == k_none || depth == 0 || g.constant_of(v)) return own;
  const Node& n = g.node(p);
  if (!n.domain.empty() || n.inputs.empty()) return own;
  ValueId x = n.inputs[0];
  float factor = 1;
  if (auto f = factors ? scalar_factor(g, n) : std::nullopt) {
    x = f->first;
    factor = f->second;
  } else if (n.op != "Identity" && n.op != "Transpose" && n.op != "Reshape" && n.op != "Squeeze" && n.op != "Unsqueeze" && n.op != "Flatten" &&
             n.op != "Expand" && n.op != "Slice" && n.op != "Gather" && n.op != "Split" && n.op != "Concat") {
    return own;
  }
  if (x == k_none || g.constant_of(x) || !g.value(x).type.is_static() || g.value(x).type.dtype != g.value(v).type.dtype ||
      element_count(g.value(x).type.shape()) == 0)
    return own;
  StridedView in = look(g, x, factors, depth - 1);
  in.factor *= factor;
  const Shape shape = g.value(v).type.shape();
  bool ok = true;
  if (n.op == "Transpose") {
    std::vector<int64_t> perm = perm_of(g, n);
    ok = perm.size() == in.axes.size();
    if (ok) permute(in, perm);
  } else if (n.op == "Expand") {
    ok = broadcast_to(in, shape);
  } else if (n.op == "Slice") {
    ok = slice(g, n, in);
  } else if (n.op == "Gather") {
    ok = pick(g, n, in);
  } else if (n.op == "Split") {
    ok = part(g, n, v, in);
  } else if (n.op == "Concat") {
    ok = repeat(n, in);
  } else {  // the same elements in the same order
    ok = regroup(in.axes, shape);
  }
  ok = ok && in.axes.size() == shape.size();
  for (size_t i = 0; ok && i < shape.size(); ++i) ok = size_of(in.axes[i]) == shape[i];
  return ok ? in : own;
}

}  // namespace

StridedView dense_view(const Graph& g, ValueId v) {
  StridedView out;
  out.base = v;
  const Shape shape = g.value(v).type.shape();
  int64_t stride = 1;
  out.axes.resize(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    out.axes[i] = joined({{shape[i], stride}});
    stride *= shape[i];
  }
  return out;
}

StridedView view_of(const Graph& g, ValueId v, bool factors) { return look(g, v, factors, k_max_depth); }

void permute(StridedView& v, std::span<const int64_t> perm) {
  std::vector<Modes> axes;
  for (int64_t p : perm) axes.push_back(v.axes[static_cast<size_t>(p)]);
  v.axes = std::move(axes);
}

bool regroup(std::vector<Modes>& axes, std::span<const int64_t> shape) {
  Modes all;
  for (const Modes& m : axes) all.insert(all.end(), m.begin(), m.end());
  all = joined(all);
  std::vector<Modes> out(shape.size());
  size_t at = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t need = shape[i];
    while (need > 1) {
      if (at == all.size()) return false;
      Mode& m = all[at];
      if (need % m.size == 0) {  // the whole mode is the outer part of what is left of the axis
        out[i].push_back(m);
        need /= m.size;
        ++at;
      } else if (m.size % need == 0) {
        const int64_t rest = m.size / need;
        out[i].push_back({need, m.stride * rest});
        m.size = rest;
        need = 1;
      } else {
        return false;
      }
    }
    out[i] = joined(out[i]);
  }
  if (at != all.size()) return false;
  axes = std::move(out);
  return true;
}

bool broadcast_to(StridedView& v, std::span<const int64_t> shape) {
  if (v.axes.size() > shape.size()) return false;
  v.axes.insert(v.axes.begin(), shape.size() - v.axes.size(), Modes{});
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t size = size_of(v.axes[i]);
    if (size == shape[i]) continue;
    if (size != 1) return false;
    v.axes[i] = {{shape[i], 0}};
  }
  return true;
}

int64_t size_of(const Modes& modes) {
  int64_t size = 1;
  for (const Mode& m : modes) size *= m.size;
  return size;
}

std::optional<Mode> single(const Modes& modes) {
  const Modes one = joined(modes);
  if (one.empty()) return Mode{1, 0};
  if (one.size() > 1) return std::nullopt;
  return one[0];
}

bool refine(std::span<Modes* const> lists) {
  std::vector<Modes> left, out(lists.size());
  for (const Modes* m : lists) left.push_back(joined(*m));
  for (const Modes& m : left)
    if (size_of(m) != size_of(left[0])) return false;
  while (!left.empty() && !left[0].empty()) {
    int64_t step = left[0].back().size;
    for (const Modes& m : left) step = std::min(step, m.back().size);
    for (size_t i = 0; i < left.size(); ++i) {
      Mode& m = left[i].back();
      if (m.size % step != 0) return false;
      out[i].insert(out[i].begin(), {step, m.stride});
      m = {m.size / step, m.stride * step};
      if (m.size == 1) left[i].pop_back();
    }
  }
  for (size_t i = 0; i < lists.size(); ++i) *lists[i] = out[i];
  return true;
}

}  // namespace mo::passes
