// Pad: adds (or, where negative, removes) elements at both ends of axes: constant, reflect, edge or wrap.
#include <algorithm>

#include "base/checked.h"
#include "ops/movement.h"

namespace mo::ops {

namespace {

enum class Mode { constant, reflect, edge, wrap };

Mode mode_of(const Node& n) {
  std::string s = n.s("mode", "constant");
  if (s == "constant") return Mode::constant;
  if (s == "reflect") return Mode::reflect;
  if (s == "edge") return Mode::edge;
  if (s == "wrap") return Mode::wrap;
  fail(Code::format, "mode must be constant, reflect, edge or wrap, got ", printable(s));
}

struct Pads {
  std::vector<int64_t> before, after;  // one per axis
};

Pads spread(std::span<const int64_t> pads, const std::optional<std::vector<int64_t>>& axes, int64_t rank) {
  std::vector<int64_t> at;
  if (axes) at = normal_axes(*axes, rank);
  else
    for (int64_t i = 0; i < rank; ++i) at.push_back(i);
  require(pads.size() == 2 * at.size(), Code::shape, pads.size(), " pads for ", at.size(), " axes");
  Pads p{std::vector<int64_t>(static_cast<size_t>(rank), 0), std::vector<int64_t>(static_cast<size_t>(rank), 0)};
  for (size_t k = 0; k < at.size(); ++k) {
    p.before[static_cast<size_t>(at[k])] = pads[k];
    p.after[static_cast<size_t>(at[k])] = pads[k + at.size()];
  }
  return p;
}

int64_t padded(int64_t dim, int64_t before, int64_t after) {
  constexpr int64_t k_least = -(int64_t{1} << 62);
  require(before >= k_least && after >= k_least, Code::shape, "pads ", before, " and ", after);
  int64_t n = checked_add(checked_add(dim, before), after);
  require(n >= 0, Code::shape, "pads ", before, " and ", after, " leave less than nothing of ", dim, " elements");
  return n;
}

// Source coordinate of coordinate i (relative to the source's start), -1 where the constant goes.
int64_t source_of(int64_t i, int64_t dim, Mode mode) {
  if (i >= 0 && i < dim) return i;
  switch (mode) {
    case Mode::constant: return -1;
    case Mode::edge: return i < 0 ? 0 : dim - 1;
    case Mode::wrap: return (i % dim + dim) % dim;
    case Mode::reflect: break;
  }
  if (dim == 1) return 0;
  int64_t period = 2 * (dim - 1), k = (i % period + period) % period;
  return k < dim ? k : period - k;
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, in.dtype);
  auto pads = c.known_ints(1);
  auto axes = c.known_ints(3);
  if (!pads || (c.has(3) && !axes)) return c.set(0, in.dtype, unknown_dims(in.rank()));
  Pads p = spread(*pads, axes, in.rank());
  std::vector<Dim> dims = in.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].known()) dims[i] = known_dim(padded(dims[i].size, p.before[i], p.after[i]));
    else if (p.before[i] != 0 || p.after[i] != 0) dims[i] = Dim();
  }
  c.set(0, in.dtype, std::move(dims));
}

// The part of the source that lies inside the result, copied in one piece.
void copy_inside(Tensor& y, const Tensor& x, const Pads& p) {
  std::vector<int64_t> from = strides_of(x.shape()), to = strides_of(y.shape()), extents(x.shape().size());
  int64_t src = 0, dst = 0;
  for (size_t i = 0; i < extents.size(); ++i) {
    int64_t first = std::max<int64_t>(0, -p.before[i]);
    int64_t last = std::min(x.shape()[i], y.shape()[i] - p.before[i]);
    extents[i] = std::max<int64_t>(0, last - first);
    src += first * from[i];
    dst += (first + p.before[i]) * to[i];
  }
  copy_box(y, dst, to, x, src, from, extents);
}

void copy_mapped(Tensor& y, const Tensor& x, const Pads& p, Mode mode) {
  size_t rank = y.shape().size();
  std::vector<int64_t> strides = strides_of(x.shape());
  std::vector<std::vector<int64_t>> map(rank);  // result coordinate -> source offset
  for (size_t i = 0; i < rank; ++i) {
    require(x.shape()[i] > 0, Code::shape, "nothing to repeat along axis ", i);
    for (int64_t k = 0; k < y.shape()[i]; ++k) map[i].push_back(source_of(k - p.before[i], x.shape()[i], mode) * strides[i]);
  }
  std::vector<size_t> at(rank, 0);
  Mover m(y, x);
  for (int64_t dst = 0, n = y.size(); dst < n; ++dst) {
    int64_t src = 0;
    for (size_t i = 0; i < rank; ++i) src += map[i][at[i]];
    m.copy(dst, src);
    for (size_t i = rank; i-- > 0;) {
      if (++at[i] < map[i].size()) break;
      at[i] = 0;
    }
  }
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  Mode mode = mode_of(c.node);
  std::optional<std::vector<int64_t>> axes;
  if (c.has(3)) axes = integer_list(c, 3);
  Pads p = spread(integer_list(c, 1), axes, x.rank());
  Shape shape = x.shape();
  for (size_t i = 0; i < shape.size(); ++i) shape[i] = padded(shape[i], p.before[i], p.after[i]);
  const Tensor* value = c.in_or_null(2);
  require(!value || (value->size() == 1 && value->dtype() == x.dtype()), Code::type, "constant_value must be one ", name(x.dtype()));
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() == 0) return;
  if (mode != Mode::constant) return copy_mapped(y, x, p, mode);
  fill(y, value);
  copy_inside(y, x, p);
}

int since(const Node& n, std::span<const Type> in) {
  int s = since_dtypes(n, in);
  if (n.input(3) != graph::k_none) s = std::max(s, 18);
  return n.s("mode", "constant") == "wrap" ? std::max(s, 19) : s;
}

}  // namespace

extern const OpDef pad{
    .name = "Pad",
    .min_inputs = 2,
    .max_inputs = 4,
    .infer = infer,
    .run = run,
    .since = 11,
    .since_of = since,
};

}  // namespace mo::ops
