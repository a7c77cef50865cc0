// Det: the determinant of the square matrices on the last two axes, by elimination with partial pivoting in double.
#include <cmath>

#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, in.dtype);
  require(in.rank() >= 2, Code::shape, "rank ", in.rank(), " is below 2");
  const Dim &a = in.dims[in.dims.size() - 2], &b = in.dims.back();
  require(!a.known() || !b.known() || a.size == b.size, Code::shape, "matrices of ", a.size, " by ", b.size);
  c.set(0, in.dtype, {in.dims.begin(), in.dims.end() - 2});
}

double determinant(std::vector<double>& m, int64_t n) {
  auto at = [&](int64_t r, int64_t k) -> double& { return m[static_cast<size_t>(r * n + k)]; };
  double det = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t r = k + 1; r < n; ++r)
      if (std::fabs(at(r, k)) > std::fabs(at(pivot, k))) pivot = r;
    if (at(pivot, k) == 0) return 0;
    if (pivot != k) {
      det = -det;
      for (int64_t j = k; j < n; ++j) std::swap(at(k, j), at(pivot, j));
    }
    det *= at(k, k);
    for (int64_t r = k + 1; r < n; ++r) {
      double f = at(r, k) / at(k, k);
      for (int64_t j = k + 1; j < n; ++j) at(r, j) -= f * at(k, j);
    }
  }
  return det;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() >= 2 && x.dim(-1) == x.dim(-2), Code::shape, "shape ", x.shape(), " holds no square matrices");
  int64_t n = x.dim(-1);
  Tensor& y = c.out(0, x.dtype(), Shape(x.shape().begin(), x.shape().end() - 2));
  if (y.size() == 0) return;
  dispatch(Floats{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* src = x.data<T>();
    T* dst = y.mutable_data<T>();
    std::vector<double> m(static_cast<size_t>(n * n));
    for (int64_t i = 0; i < y.size(); ++i, src += n * n) {
      for (size_t k = 0; k < m.size(); ++k) m[k] = static_cast<double>(load(src[k]));
      dst[i] = store<T>(determinant(m, n));
    }
  });
}

}  // namespace

extern const OpDef det{
    .name = "Det",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .cost = cost_per_input,
    .since = 11,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
