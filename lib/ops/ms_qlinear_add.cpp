// QLinearAdd of com.microsoft: the sum of two 8-bit tensors, with broadcasting, rounded to 8 bits.
#include "ops/qlinear.h"

namespace mo::ops {

extern const OpDef ms_qlinear_add{.name = "QLinearAdd",
                                  .domain = "com.microsoft",
                                  .min_inputs = 7,
                                  .max_inputs = 8,
                                  .infer = infer_qlinear_binary,
                                  .run = [](Run& c) { run_qlinear_binary(c, "Add"); },
                                  .since = 1};

}  // namespace mo::ops
