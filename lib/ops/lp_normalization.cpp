// LpNormalization: x divided by its L1 or L2 norm along an axis; zeros where the norm is zero.
#include "ops/normalize.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  if (c.rank() >= 0) normal_axis(c.node.i("axis", -1), c.rank());
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  size_t axis = static_cast<size_t>(normal_axis(c.node.i("axis", -1), c.in(0).rank()));
  int64_t p = c.node.i("p", 2), size = shape[axis];
  require(p == 1 || p == 2, Code::invalid_argument, "p is ", p, ", wants 1 or 2");
  int64_t outer = checked_product(std::span(shape).first(axis)), inner = checked_product(std::span(shape).subspan(axis + 1));
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, c.dtype(), shape);
    for (int64_t o = 0; size > 0 && o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        const T* src = x.data<T>() + o * size * inner + i;
        T* dst = y.data() + o * size * inner + i;
        double norm = 0;
        for (int64_t k = 0; k < size; ++k) {
          double v = static_cast<double>(src[k * inner]);
          norm += p == 1 ? std::abs(v) : v * v;
        }
        if (p == 2) norm = std::sqrt(norm);
        for (int64_t k = 0; k < size; ++k) dst[k * inner] = static_cast<T>(norm == 0 ? 0.0 : static_cast<double>(src[k * inner]) / norm);
      }
    y.finish();
  });
}

}  // namespace

extern const OpDef lp_normalization{.name = "LpNormalization",
                                    .min_inputs = 1,
                                    .max_inputs = 1,
                                    .infer = infer,
                                    .run = run,
                                    .cost = normalize_cost,
                                    .since = 7,
                                    .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
