// Pow: z = x ^ y with broadcasting, in the dtype of x; the exponent may have another dtype. Integer powers wrap.
#include <cmath>

#include "ops/binary.h"

namespace mo::ops {

namespace {

struct Pow {
  template <class A, class B>
  A operator()(A x, B y) const {
    if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
      return whole(x, y);
    } else if constexpr (std::is_integral_v<A>) {
      return number_as<A>(std::pow(static_cast<double>(x), static_cast<double>(y)));
    } else {
      if (y == B(2)) return x * x;
      return static_cast<A>(std::pow(x, static_cast<A>(y)));
    }
  }

  template <class A, class B>
  static A whole(A x, B y) {
    if (y < B(0)) {  // 1 / x^|y| truncates to zero unless |x| is 1
      require(x != 0, Code::invalid_argument, "zero to a negative integer power");
      if (x == A(1)) return A(1);
      if constexpr (std::is_signed_v<A>)
        if (x == A(-1)) return y % 2 == 0 ? A(1) : A(-1);
      return A(0);
    }
    A result = 1;
    for (uint64_t n = static_cast<uint64_t>(y); n > 0; n >>= 1) {
      if (n & 1) result = wrap_mul(result, x);
      x = wrap_mul(x, x);
    }
    return result;
  }
};

using Bases = Types<float, double, half, bfloat16, int32_t, int64_t>;

void infer(Infer& c) {
  DType dtype = c.dtype(0);
  const Type &a = c.input(0), &b = c.input(1);
  if (a.ranked && b.ranked) c.set(0, dtype, broadcast_dims(a.dims, b.dims));
  else c.set_unranked(0, dtype);
}

void run(Run& c) {
  const Tensor &x = c.in(0), &y = c.in(1);
  const Shape* shapes[] = {&x.shape(), &y.shape()};
  BroadcastPlan p = plan_broadcast(shapes);
  Tensor& z = c.out(0, x.dtype(), p.shape);
  // Exponents are widened: float and double stay, narrow floats become float, integers int64.
  bool real = is_floating(y.dtype());
  require(real || is_integer(y.dtype()), Code::type, "exponent of dtype ", name(y.dtype()));
  Tensor power = y.cast(real ? (y.dtype() == DType::f64 ? DType::f64 : DType::f32) : DType::i64);
  dispatch(Bases{}, x.dtype(), [&](auto base) {
    using A = typename decltype(base)::type;
    dispatch(Types<float, double, int64_t>{}, power.dtype(), [&](auto exponent) {
      using B = typename decltype(exponent)::type;
      binary_rows(Pow{}, p, x.data<A>(), power.data<B>(), z.mutable_data<A>());
    });
  });
}

}  // namespace

extern const OpDef pow{
    .name = "Pow",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<10>,
    .flags = k_elementwise,
    .since = 7,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
