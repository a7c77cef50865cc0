// TopK: the k largest (or smallest) elements along an axis and their indices; equal elements in the order of their indices, NaN as largest.
#include <algorithm>
#include <numeric>

#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) {
    c.set_unranked(0, in.dtype);
    return c.set_unranked(1, DType::i64);
  }
  std::vector<Dim> dims = in.dims;
  Dim& d = dims[static_cast<size_t>(normal_axis(c.node.i("axis", -1), in.rank()))];
  const Tensor* k = c.known(1);
  if (k && k->size() == 1) {
    require(k->integer(0) >= 0 && (!d.known() || k->integer(0) <= d.size), Code::shape, "k ", k->integer(0), " of ", d.size, " elements");
    d = known_dim(k->integer(0));
  } else {
    d = Dim();
  }
  c.set(0, in.dtype, dims);
  c.set(1, DType::i64, std::move(dims));
}

template <class W>
bool above(W a, W b) {  // NaN above everything
  return a > b || (a != a && b == b);
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", -1), x.rank()));
  int64_t k = scalar_integer(c, 1), n = x.shape()[axis];
  require(k >= 0 && k <= n, Code::shape, "k ", k, " of ", n, " elements");
  bool largest = c.node.i("largest", 1) != 0;
  Shape shape = x.shape();
  shape[axis] = k;
  int64_t outer = product(shape, 0, axis), inner = product(shape, axis + 1, shape.size());
  Tensor& values = c.out(0, x.dtype(), shape);
  std::vector<int64_t> unwanted;  // indices are written somewhere even when nobody reads them
  int64_t* places;
  if (c.wants(1)) {
    places = c.out(1, DType::i64, shape).mutable_data<int64_t>();
  } else {
    unwanted.resize(static_cast<size_t>(element_count(shape)));
    places = unwanted.data();
  }
  if (element_count(shape) == 0) return;
  dispatch(Numbers{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    T* dst = values.mutable_data<T>();
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::vector<Compute<T>> line(static_cast<size_t>(n));
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        const T* from = src + o * n * inner + i;
        for (int64_t e = 0; e < n; ++e) line[static_cast<size_t>(e)] = load(from[e * inner]);
        std::iota(order.begin(), order.end(), 0);
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t a, int64_t b) {
          auto va = line[static_cast<size_t>(a)], vb = line[static_cast<size_t>(b)];
          if (above(va, vb)) return largest;
          if (above(vb, va)) return !largest;
          return a < b;
        });
        for (int64_t e = 0; e < k; ++e) {
          int64_t to = (o * k + e) * inner + i, at = order[static_cast<size_t>(e)];
          dst[to] = from[at * inner];
          places[to] = at;
        }
      }
  });
}

}  // namespace

extern const OpDef top_k{
    .name = "TopK",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 2,
    .max_outputs = 2,
    .infer = infer,
    .run = run,
    .cost = cost_per_input,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
