// QLinearMul of com.microsoft: the product of two 8-bit tensors, element by element with broadcasting, rounded to 8 bits.
#include "ops/qlinear.h"

namespace mo::ops {

extern const OpDef ms_qlinear_mul{.name = "QLinearMul",
                                  .domain = "com.microsoft",
                                  .min_inputs = 7,
                                  .max_inputs = 8,
                                  .infer = infer_qlinear_binary,
                                  .run = [](Run& c) { run_qlinear_binary(c, "Mul"); },
                                  .since = 1};

}  // namespace mo::ops
