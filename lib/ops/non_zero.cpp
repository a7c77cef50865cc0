// NonZero: the coordinates of the elements that are not zero, as [rank, count] in row-major order.
#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) { c.set(0, DType::i64, {c.input(0).ranked ? known_dim(c.rank(0)) : Dim(), Dim()}); }

std::vector<int64_t> places(const Tensor& x) {
  std::vector<int64_t> at;
  if (x.dtype() == DType::string) {
    for (int64_t i = 0; i < x.size(); ++i)
      if (!x.strings()[i].empty()) at.push_back(i);
    return at;
  }
  dispatch(NumbersAndBool{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    for (int64_t i = 0, n = x.size(); i < n; ++i)
      if (load(src[i]) != Compute<T>(0)) at.push_back(i);
  });
  return at;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<int64_t> at = places(x);
  int64_t count = static_cast<int64_t>(at.size());
  int64_t* dst = c.out(0, DType::i64, {x.rank(), count}).mutable_data<int64_t>();
  for (int64_t k = 0; k < count; ++k) {
    int64_t rest = at[static_cast<size_t>(k)];
    for (int64_t axis = x.rank(); axis-- > 0;) {
      int64_t d = x.shape()[static_cast<size_t>(axis)];
      dst[axis * count + k] = rest % d;
      rest /= d;
    }
  }
}

}  // namespace

extern const OpDef non_zero{
    .name = "NonZero",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .cost = cost_per_input,
    .since = 9,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
