// QLinearSigmoid of com.microsoft: the sigmoid of an 8-bit tensor, rounded to 8 bits.
#include "ops/qlinear.h"

namespace mo::ops {

extern const OpDef ms_qlinear_sigmoid{.name = "QLinearSigmoid",
                                      .domain = "com.microsoft",
                                      .min_inputs = 4,
                                      .max_inputs = 5,
                                      .infer = infer_qlinear_unary,
                                      .run = [](Run& c) { run_qlinear_unary(c, "Sigmoid"); },
                                      .since = 1};

}  // namespace mo::ops
