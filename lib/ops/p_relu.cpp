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

void infer(Infer& c) {
  infer_same(c);
  if (c.rank(0) < 0 || c.rank(1) < 0) return;
  std::vector<Dim> both = broadcast_dims(c.input(0).dims, c.input(1).dims);
  bool one_way = both.size() == c.input(0).dims.size();
  for (size_t a = 0; one_way && a < both.size(); ++a) {
    const Dim& d = c.input(0).dims[a];
    one_way = !d.known() || !both[a].known() || d.size == both[a].size;
  }
  require(one_way, Code::shape, "slope ", describe(c.input(1)), " does not broadcast onto ", describe(c.input(0)));
}

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
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<2>,
    .flags = k_elementwise,
    .since = 7,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
