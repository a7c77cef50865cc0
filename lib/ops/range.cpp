// Range: start, start + delta, ... below (or above) limit; narrow floats count in float.
#include <cmath>
#include <limits>

#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

using Kinds = Types<float, double, int16_t, int32_t, int64_t, half, bfloat16>;

// ceil((limit - start) / delta), at least 0.
template <class W>
int64_t count_of(W start, W limit, W delta) {
  require(delta != W(0), Code::invalid_argument, "range with delta 0");
  if constexpr (std::is_integral_v<W>) {
    __int128 span = static_cast<__int128>(limit) - start, step = delta;
    __int128 n = span / step + (span % step != 0 && (span > 0) == (step > 0));
    require(n <= std::numeric_limits<int64_t>::max(), Code::limit, "range of too many elements");
    return n < 0 ? 0 : static_cast<int64_t>(n);
  } else {
    double n = std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta));
    require(n < 9e18, Code::limit, "range from ", start, " to ", limit, " by ", delta);  // NaN and infinity too
    return n > 0 ? static_cast<int64_t>(n) : 0;
  }
}

void infer(Infer& c) {
  c.set(0, c.dtype(0), {Dim()});
  const Tensor *start = c.known(0), *limit = c.known(1), *delta = c.known(2);
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 || delta->size() != 1) return;
  if (is_integer(start->dtype())) c.set(0, c.dtype(0), {known_dim(count_of<int64_t>(start->integer(), limit->integer(), delta->integer()))});
  else c.set(0, c.dtype(0), {known_dim(count_of<double>(start->number(), limit->number(), delta->number()))});
}

void run(Run& c) {
  for (size_t i = 0; i < 3; ++i) require(c.in(i).size() == 1, Code::shape, "input ", i, " must be a scalar, has shape ", c.in(i).shape());
  require_same_dtype(c, 0, 1);
  require_same_dtype(c, 0, 2);
  dispatch(Kinds{}, c.dtype(0), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using W = Compute<T>;
    W start = load(*c.in(0).data<T>()), limit = load(*c.in(1).data<T>()), delta = load(*c.in(2).data<T>());
    int64_t n = count_of<W>(start, limit, delta);
    T* dst = c.out(0, c.dtype(0), {n}).template mutable_data<T>();
    for (int64_t i = 0; i < n; ++i) {
      if constexpr (std::is_integral_v<W>)
        dst[i] = static_cast<T>(static_cast<uint64_t>(start) + static_cast<uint64_t>(i) * static_cast<uint64_t>(delta));
      else dst[i] = store<T>(start + static_cast<W>(i) * delta);
    }
  });
}

}  // namespace

extern const OpDef range{
    .name = "Range",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer,
    .run = run,
    .since = 11,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.has("stash_type") ? 27 : since_dtypes(n, in); },
};

}  // namespace mo::ops
