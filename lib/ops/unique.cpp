// Unique: the distinct elements (or slices along an axis), sorted or in order of appearance; their first indices, inverse and counts.
#include <algorithm>
#include <numeric>

#include "ops/dispatch.h"
#include "ops/movement.h"

namespace mo::ops {

namespace {

using Kinds = Types<float, double, half, bfloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, bool, std::string>;

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!c.node.has("axis")) {
    c.set(0, in.dtype, {Dim()});
  } else if (in.ranked) {
    std::vector<Dim> dims = in.dims;
    dims[static_cast<size_t>(normal_axis(c.node.i("axis", 0), in.rank()))] = Dim();
    c.set(0, in.dtype, std::move(dims));
  } else {
    c.set_unranked(0, in.dtype);
  }
  for (size_t i = 1; i < 4; ++i) c.set(i, DType::i64, {Dim()});
}

// -1, 0, 1; NaN is equal to itself and above all else.
template <class T>
int compare(const T& a, const T& b) {
  auto x = load(a), y = load(b);
  if (x < y) return -1;
  if (y < x) return 1;
  if (x == y) return 0;
  return static_cast<int>(x != x) - static_cast<int>(y != y);
}

struct Groups {
  std::vector<int64_t> first, inverse, counts;
};

// Groups n slices of `width` elements each; the slice i starts at i * width.
template <class T>
Groups group(const T* data, int64_t n, int64_t width, bool sorted) {
  auto order_of = [&](int64_t a, int64_t b) {
    for (int64_t k = 0; k < width; ++k)
      if (int r = compare(data[a * width + k], data[b * width + k])) return r;
    return 0;
  };
  std::vector<int64_t> order(static_cast<size_t>(n)), group_of(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return order_of(a, b) < 0; });
  Groups g;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || order_of(order[i - 1], order[i]) != 0) {
      g.first.push_back(order[i]);
      g.counts.push_back(0);
    }
    ++g.counts.back();
    group_of[static_cast<size_t>(order[i])] = static_cast<int64_t>(g.first.size()) - 1;
  }
  if (!sorted) {
    std::vector<int64_t> rank(g.first.size()), place(g.first.size());
    std::iota(rank.begin(), rank.end(), 0);
    std::sort(rank.begin(), rank.end(), [&](int64_t a, int64_t b) { return g.first[static_cast<size_t>(a)] < g.first[static_cast<size_t>(b)]; });
    Groups h;
    for (size_t i = 0; i < rank.size(); ++i) {
      size_t from = static_cast<size_t>(rank[i]);
      place[from] = static_cast<int64_t>(i);
      h.first.push_back(g.first[from]);
      h.counts.push_back(g.counts[from]);
    }
    for (int64_t& k : group_of) k = place[static_cast<size_t>(k)];
    g = std::move(h);
  }
  g.inverse = std::move(group_of);
  return g;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  bool flat = !c.node.has("axis"), sorted = c.node.i("sorted", 1) != 0;
  size_t axis = flat ? 0 : static_cast<size_t>(normal_axis(c.node.i("axis", 0), x.rank()));
  Shape shape = flat ? Shape{x.size()} : x.shape();
  int64_t n = shape[axis], outer = product(shape, 0, axis), inner = product(shape, axis + 1, shape.size()), width = outer * inner;
  // Slices brought together: [n][outer][inner].
  Tensor lines = Tensor::allocate(x.dtype(), {n, outer, inner});
  int64_t extents[] = {n, outer, inner}, from[] = {inner, n * inner, 1}, to[] = {width, inner, 1};
  copy_box(lines, 0, to, x, 0, from, extents);
  Groups g;
  dispatch(Kinds{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    g = group<T>(lines.data<T>(), n, width, sorted);
  });
  int64_t count = static_cast<int64_t>(g.first.size());
  shape[axis] = count;
  Tensor& y = c.out(0, x.dtype(), shape);
  for (int64_t k = 0; k < count; ++k) {
    int64_t box[] = {outer, inner}, dst[] = {count * inner, 1}, src[] = {inner, 1};
    copy_box(y, k * inner, dst, lines, g.first[static_cast<size_t>(k)] * width, src, box);
  }
  const std::vector<int64_t>* lists[] = {&g.first, &g.inverse, &g.counts};
  for (size_t i = 0; i < 3; ++i) {
    if (!c.wants(i + 1)) continue;
    Tensor& t = c.out(i + 1, DType::i64, {static_cast<int64_t>(lists[i]->size())});
    std::copy(lists[i]->begin(), lists[i]->end(), t.mutable_data<int64_t>());
  }
}

}  // namespace

extern const OpDef unique{
    .name = "Unique",
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 4,
    .infer = infer,
    .run = run,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
