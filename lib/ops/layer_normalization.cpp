// LayerNormalization: y = (x - mean) / sqrt(var + epsilon) * scale + b, statistics over the axes from `axis` on.
#include "ops/normalize.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  DType stash = stash_dtype(c.node);
  for (size_t o : {1, 2}) {
    if (!c.wants(o)) continue;
    if (c.rank() < 0) {
      c.set_unranked(o, stash);
      continue;
    }
    std::vector<Dim> dims = c.input(0).dims;
    for (size_t a = static_cast<size_t>(normal_axis(c.node.i("axis", -1), c.rank())); a < dims.size(); ++a) dims[a] = known_dim(1);
    c.set(o, stash, std::move(dims));
  }
  if (c.rank() >= 0) normal_axis(c.node.i("axis", -1), c.rank());
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", -1), c.in(0).rank()));
  int64_t outer = checked_product(std::span(shape).first(axis)), inner = checked_product(std::span(shape).subspan(axis));
  double epsilon = c.node.f("epsilon", 1e-5f);
  Spread scale(&c.in(1), shape, 1, "scale"), bias(c.in_or_null(2), shape, 0, "bias");
  Shape reduced = shape;
  std::fill(reduced.begin() + static_cast<std::ptrdiff_t>(axis), reduced.end(), 1);
  DType stash = stash_dtype(c.node);
  Tensor* mean = c.wants(1) ? &c.out(1, stash, reduced) : nullptr;
  Tensor* inverse = c.wants(2) ? &c.out(2, stash, reduced) : nullptr;
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(), shape);
    T* dst = y.data();
    for (int64_t o = 0; o < outer; ++o) {
      const T* src = x.data<T>() + o * inner;
      Moments m = moments(src, inner);
      double factor = 1 / std::sqrt(m.variance + epsilon);
      if (mean) mean->set_number(o, m.mean);
      if (inverse) inverse->set_number(o, factor);
      for (int64_t i = 0; i < inner; ++i) {
        int64_t at = o * inner + i;
        dst[at] = static_cast<T>((static_cast<double>(src[i]) - m.mean) * factor * scale[at] + bias[at]);
      }
    }
    y.finish();
  });
}

}  // namespace

extern const OpDef layer_normalization{.name = "LayerNormalization",
                                       .min_inputs = 2,
                                       .max_inputs = 3,
                                       .max_outputs = 3,
                                       .infer = infer,
                                       .run = run,
                                       .cost = normalize_cost,
                                       .since = 17};

}  // namespace mo::ops
