// QLinearLeakyRelu of com.microsoft: x, or alpha * x below zero, of an 8-bit tensor, rounded to 8 bits.
#include "ops/qlinear.h"

namespace mo::ops {

extern const OpDef ms_qlinear_leaky_relu{.name = "QLinearLeakyRelu",
                                         .domain = "com.microsoft",
                                         .min_inputs = 4,
                                         .max_inputs = 5,
                                         .infer = infer_qlinear_unary,
                                         .run =
                                             [](Run& c) {
                                               run_qlinear_unary(c, "LeakyRelu", {{"alpha", c.node.f("alpha", 0.01f)}});
                                             },
                                         .since = 1};

}  // namespace mo::ops
