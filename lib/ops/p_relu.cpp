// PRelu: y = x for x >= 0, slope * x below; the slope broadcasts to x.
#include "ops/binary.h"

namespace mo::ops {

namespace {

struct PRelu {
  template <class T>
  T operator()(T x, T slope) const {
    return x < T(0) ? wrap_mul(slope, x) : x;
  }
};

using Kinds = Types<float, double, half, bfloat16, int32_t, int64_t, uint32_t, uint64_t>;

void run(Run& c) {
  const Tensor &x = c.in(0), &slope = c.in(1);
  require_same_dtype(c, 0, 1);
  const Shape* shapes[] = {&x.shape(), &slope.shape()};
  BroadcastPlan p = plan_broadcast_to(x.shape(), shapes);
  Tensor& y = c.out(0, x.dtype(), x.shape());
  dispatch(Kinds{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    binary_rows(PRelu{}, p, x.data<T>(), slope.data<T>(), y.mutable_data<T>());
  });
}

}  // namespace

extern const OpDef p_relu{
    .name = "PRelu",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_same,
    .run = run,
    .cost = elementwise_cost<2>,
    .flags = k_elementwise,
    .since = 7,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
