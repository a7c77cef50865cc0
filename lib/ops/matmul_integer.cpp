// MatMulInteger: (a - a_zero_point) (b - b_zero_point) in int32; zero points per tensor, per row of a, per column of b.
#include "ops/compute.h"
#include "ops/product.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_product(c, 0, 1, DType::i32); }

void run(Run& c) {
  const Tensor &a = c.in(0), &b = c.in(1);
  ProductShape p = product_shape(a.shape(), b.shape());
  int64_t rows = a.rank() >= 2 ? p.m : 1, columns = b.rank() >= 2 ? p.n : 1;
  auto zero_point = [&](size_t i, int64_t single_count, int64_t batch_count, const char* what) {
    const Tensor* t = c.in_or_null(i);
    return PerChannel(t, t && t->size() == batch_count ? batch_count : single_count, 0, what);
  };
  // per row: [m] or [batch..., m, 1]; per column: [n] or [batch..., 1, n]
  int64_t a_rows = p.k > 0 ? a.size() / p.k : rows, b_batches = p.k > 0 && p.n > 0 ? b.size() / (p.k * p.n) : 1;
  PerChannel a_zp = zero_point(2, rows, a_rows, "a_zero_point"), b_zp = zero_point(3, columns, b_batches * columns, "b_zero_point");
  std::vector<uint32_t> x = centered(a, a_zp, c.has(2) ? std::max<int64_t>(c.in(2).size(), 1) : 1, std::max<int64_t>(p.k, 1));
  std::vector<uint32_t> w(static_cast<size_t>(b.size()));
  for (int64_t i = 0; i < b.size(); ++i) {
    int64_t batch = i / (p.k * p.n), column = i % p.n;
    int64_t entry = c.has(3) && c.in(3).size() == b_batches * columns ? batch * columns + column : column;
    w[static_cast<size_t>(i)] = static_cast<uint32_t>(load_integer(b.dtype(), b.raw(), i) - static_cast<int64_t>(b_zp[b_zp.single() ? 0 : entry]));
  }
  require(is_8bit(b.dtype()), Code::type, "b is ", name(b.dtype()), ", wants int8 or uint8");
  int32_t* y = c.out(0, DType::i32, p.out).mutable_data<int32_t>();
  for_each_matrix(p, [&](int64_t ao, int64_t bo, int64_t yo) {
    multiply<uint32_t>(p.m, p.n, p.k, Matrix<uint32_t>{x.data() + ao, p.k, 1}, Matrix<uint32_t>{w.data() + bo, p.n, 1},
                       [&](int64_t i, const uint32_t* sums) {
                         for (int64_t j = 0; j < p.n; ++j) y[yo + i * p.n + j] = static_cast<int32_t>(sums[j]);
                       });
  });
}

Cost cost(const CostQuery& q) { return product_cost(q, 0); }

}  // namespace

extern const OpDef matmul_integer{.name = "MatMulInteger", .min_inputs = 2, .max_inputs = 4, .infer = infer, .run = run, .cost = cost, .since = 10};

}  // namespace mo::ops
