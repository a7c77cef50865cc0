// EyeLike: ones on diagonal k of a matrix of the input's shape, zeros elsewhere.
#include <algorithm>

#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = dtype_attribute(c.node, "dtype", c.dtype(0));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() == 2, Code::shape, "rank ", x.rank(), ", wanted 2");
  Tensor& y = c.out(0, dtype_attribute(c.node, "dtype", x.dtype()), x.shape());
  require(is_floating(y.dtype()) || is_integer(y.dtype()) || y.dtype() == DType::boolean, Code::type, "dtype ", name(y.dtype()),
          " is not supported here");
  fill(y, nullptr);
  int64_t rows = x.dim(0), columns = x.dim(1), k = std::clamp(c.node.i("k", 0), -rows, columns);
  for (int64_t r = std::max<int64_t>(0, -k); r < rows && r + k < columns; ++r) y.set_number(r * columns + r + k, 1);
}

}  // namespace

extern const OpDef eye_like{
    .name = "EyeLike",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 9,
    .since_of = [](const Node& n, std::span<const Type> in) { return n.i("dtype", 0) == static_cast<int>(DType::bf16) ? 22 : since_dtypes(n, in); },
};

}  // namespace mo::ops
