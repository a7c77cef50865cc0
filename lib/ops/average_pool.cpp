// AveragePool: the mean over each window, of the elements inside the input or, with count_include_pad, of the padding too.
#include "ops/pooling.h"

namespace mo::ops {
namespace {

void infer(Infer& c) { infer_pool(c, 0, c.dtype()); }

void run(Run& c) {
  DType dtype = c.dtype();
  PoolShape g = pool_shape(c.node, c.in(0).shape());
  bool with_pad = c.node.i("count_include_pad", 0) != 0;
  with_float(dtype, [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    Result<T> y(c, 0, dtype, g.result);
    const T* src = x.data<T>();
    T* dst = y.data();
    for_each_window(g, [&](int64_t plane, int64_t o, std::span<const int64_t> taps, int64_t padded) {
      double sum = 0;
      for (int64_t i : taps) sum += static_cast<double>(src[plane * g.in_plane + i]);
      int64_t count = with_pad ? padded : static_cast<int64_t>(taps.size());
      dst[plane * g.out_plane + o] = static_cast<T>(count > 0 ? sum / static_cast<double>(count) : 0.0);
    });
    y.finish();
  });
}

int since(const Node& n, std::span<const Type> in) {
  if (!in.empty() && in[0].dtype == DType::bf16) return 22;
  if (n.has("dilations")) return 19;
  return n.i("ceil_mode", 0) ? 10 : 7;
}

}  // namespace

extern const OpDef average_pool{
    .name = "AveragePool", .min_inputs = 1, .max_inputs = 1, .infer = infer, .run = run, .cost = pool_cost, .since = 7, .since_of = since};

}  // namespace mo::ops
