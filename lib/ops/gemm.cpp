// Gemm: y = alpha * a' * b' + beta * c, where a' and b' may be transposed and c broadcasts onto the product.
#include <limits>

#include "base/checked.h"
#include "ops/compute.h"
#include "ops/product.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_rank(c, 0, 2);
  expect_rank(c, 1, 2);
  expect_same_dtype(c, 0, 1);
  bool ta = c.node.i("transA", 0) != 0, tb = c.node.i("transB", 0) != 0;
  same_dim(dim_of(c, 0, ta ? 0 : 1), dim_of(c, 1, tb ? 1 : 0), "inner dimensions of a product differ");
  Dim m = dim_of(c, 0, ta ? 1 : 0), n = dim_of(c, 1, tb ? 0 : 1);
  if (c.has(2)) {
    expect_same_dtype(c, 0, 2);
    require(c.rank(2) <= 2, Code::shape, "C is ", describe(c.input(2)), ", wants rank 2 at most");
  }
  c.set(0, first_dtype(c, {0, 1, 2}), {m, n});
}

// Scales in floating point; integers in double, wrapped back.
template <class T, class Acc>
T combine(Acc product, T addend, float alpha, float beta) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(alpha * product + beta * static_cast<Acc>(addend));
  } else {
    if (alpha == 1.0f && beta == 1.0f) return static_cast<T>(product + static_cast<Acc>(addend));
    double v = static_cast<double>(alpha) * static_cast<double>(static_cast<T>(product)) + static_cast<double>(beta) * static_cast<double>(addend);
    if (!(v > static_cast<double>(std::numeric_limits<T>::min()))) return v != v ? T(0) : std::numeric_limits<T>::min();
    if (v >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(v);
  }
}

void run(Run& c) {
  DType dtype = c.dtype();
  require_dtype(c, 1, dtype);
  require_rank(c, 0, 2);
  require_rank(c, 1, 2);
  const Shape &as_ = c.in(0).shape(), &bs = c.in(1).shape();
  bool ta = c.node.i("transA", 0) != 0, tb = c.node.i("transB", 0) != 0;
  float alpha = c.node.f("alpha", 1), beta = c.node.f("beta", 1);
  int64_t m = as_[ta ? 1 : 0], k = as_[ta ? 0 : 1], n = bs[tb ? 0 : 1];
  require(bs[tb ? 1 : 0] == k, Code::shape, "inner dimensions of a product differ: ", k, " and ", bs[tb ? 1 : 0]);
  int64_t c_row = 0, c_column = 0;
  if (c.has(2)) {
    require_dtype(c, 2, dtype);
    Shape s = c.in(2).shape();
    require(s.size() <= 2, Code::shape, "C has shape ", s, ", wants rank 2 at most");
    while (s.size() < 2) s.insert(s.begin(), 1);
    require((s[0] == m || s[0] == 1) && (s[1] == n || s[1] == 1), Code::shape, "C has shape ", c.in(2).shape(), ", the product [", m, ", ", n, "]");
    c_row = s[0] == 1 ? 0 : s[1];
    c_column = s[1] == 1 ? 0 : 1;
  }
  with_product_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    using Acc = typename SumOf<T>::type;
    Tensor a = as<T>(c.in(0)), b = as<T>(c.in(1)), addend = c.has(2) ? as<T>(c.in(2)) : Tensor();
    Result<T> y(c, 0, dtype, {m, n});
    T* dst = y.data();
    const T* add = addend ? addend.data<T>() : nullptr;
    Matrix<T> am{a.data<T>(), ta ? 1 : k, ta ? m : 1}, bm{b.data<T>(), tb ? 1 : n, tb ? k : 1};
    multiply<Acc>(m, n, k, am, bm, [&](int64_t i, const Acc* sums) {
      for (int64_t j = 0; j < n; ++j) dst[i * n + j] = combine<T, Acc>(sums[j], add ? add[i * c_row + j * c_column] : T(0), alpha, add ? beta : 1.0f);
    });
    y.finish();
  });
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (!q.outputs[0].is_static() || !q.inputs[0].is_static() || q.inputs[0].dims.size() != 2) return r;
  r.macs = checked_mul(element_count(q.outputs[0].shape()), q.inputs[0].dims[q.node.i("transA", 0) ? 0 : 1].size);
  return r;
}

int since(const Node&, std::span<const Type> inputs) {
  if (!inputs.empty() && inputs[0].dtype == DType::bf16) return 13;
  if (inputs.size() < 3 || inputs[2].kind == Type::Kind::unknown) return 11;
  return !inputs.empty() && is_integer(inputs[0].dtype) ? 9 : 7;
}

}  // namespace

extern const OpDef gemm{.name = "Gemm", .min_inputs = 2, .max_inputs = 3, .infer = infer, .run = run, .cost = cost, .since = 7, .since_of = since};

}  // namespace mo::ops
