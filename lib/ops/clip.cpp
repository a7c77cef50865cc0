// Clip: y = min(max, max(x, min)); an absent bound does not limit; NaN stays NaN.
#include <limits>

#include "ops/unary.h"

namespace mo::ops {

namespace {

template <class T>
void clip_values(const Run& c, const T* src, T* dst, int64_t n) {
  using W = Compute<T>;
  auto bound = [&](size_t i, W absent) {
    if (!c.has(i)) return absent;
    const Tensor& t = c.in(i);
    require(t.size() == 1, Code::shape, "input ", i, " must be a scalar, has shape ", t.shape());
    return load(t.data<T>()[0]);
  };
  constexpr bool real = std::numeric_limits<W>::has_infinity;
  const W low = bound(1, real ? -std::numeric_limits<W>::infinity() : std::numeric_limits<W>::lowest());
  const W high = bound(2, real ? std::numeric_limits<W>::infinity() : std::numeric_limits<W>::max());
  for (int64_t i = 0; i < n; ++i) {
    W v = load(src[i]);
    v = v < low ? low : v;
    dst[i] = store<T>(v > high ? high : v);
  }
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  Tensor& y = c.out(0, x.dtype(), x.shape());
  dispatch(Numbers{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    clip_values<T>(c, x.data<T>(), y.mutable_data<T>(), x.size());
  });
}

}  // namespace

extern const OpDef clip{
    .name = "Clip",
    .min_inputs = 1,
    .max_inputs = 3,
    .infer = infer_same,
    .run = run,
    .cost = elementwise_cost<2>,
    .flags = k_elementwise,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
