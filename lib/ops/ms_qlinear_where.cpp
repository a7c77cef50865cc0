// QLinearWhere of com.microsoft: x where the condition holds, y elsewhere, 8-bit tensors brought to the scale of the result.
#include "ops/qlinear.h"

namespace mo::ops {
namespace {

enum : size_t { condition, x, x_scale, x_zero, y, y_scale, y_zero, z_scale, z_zero };

void infer(Infer& c) {
  const DType dtype = qlinear_dtype(c, z_zero, x);
  if (c.rank(condition) < 0 || c.rank(x) < 0 || c.rank(y) < 0) return c.set_unranked(0, dtype);
  c.set(0, dtype, broadcast_dims(c.input(condition).dims, broadcast_dims(c.input(x).dims, c.input(y).dims)));
}

void run(Run& c) {
  const Tensor operands[] = {c.in(condition), real_input(c, x), real_input(c, y)};
  quantized_output(c, result_of("Where", operands), z_scale, x);
}

}  // namespace

extern const OpDef ms_qlinear_where{
    .name = "QLinearWhere", .domain = "com.microsoft", .min_inputs = 9, .max_inputs = 9, .infer = infer, .run = run, .since = 1};

}  // namespace mo::ops
