// LpPool: (sum of |x|^p over each window)^(1/p).
#include <cmath>

#include "ops/pooling.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_pool(c, 0, c.dtype()); }

void run(Run& c) {
  DType dtype = c.dtype();
  PoolShape g = pool_shape(c.node, c.in(0).shape());
  int64_t p = c.node.i("p", 2);
  require(p >= 1, Code::invalid_argument, "p is ", p);
  with_float(dtype, [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, dtype, g.result);
    const T* src = x.data<T>();
    T* dst = y.data();
    for_each_window(g, [&](int64_t plane, int64_t o, std::span<const int64_t> taps, int64_t) {
      double sum = 0;
      for (int64_t i : taps) sum += std::pow(std::abs(static_cast<double>(src[plane * g.in_plane + i])), static_cast<double>(p));
      dst[plane * g.out_plane + o] = static_cast<T>(std::pow(sum, 1.0 / static_cast<double>(p)));
    });
    y.finish();
  });
}

int since(const Node& n, std::span<const Type> in) {
  if (!in.empty() && in[0].dtype == DType::bf16) return 22;
  return n.has("dilations") || n.i("ceil_mode", 0) ? 18 : 7;
}

}  // namespace

extern const OpDef lp_pool{
    .name = "LpPool", .min_inputs = 1, .max_inputs = 1, .infer = infer, .run = run, .cost = pool_cost, .since = 7, .since_of = since};

}  // namespace mo::ops
