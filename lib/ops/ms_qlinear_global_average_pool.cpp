// QLinearGlobalAveragePool of com.microsoft: the mean of each plane of an 8-bit tensor, rounded to 8 bits.
#include "ops/global_pool.h"
#include "ops/qlinear.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  require(c.node.i("channels_last", 0) == 0, Code::unsupported, "channels_last");
  infer_global_pool(c);
  c.output().dtype = qlinear_dtype(c, 4, 0);
}

}  // namespace

extern const OpDef ms_qlinear_global_average_pool{.name = "QLinearGlobalAveragePool",
                                                  .domain = "com.microsoft",
                                                  .min_inputs = 5,
                                                  .max_inputs = 5,
                                                  .infer = infer,
                                                  .run = [](Run& c) { run_qlinear_unary(c, "GlobalAveragePool"); },
                                                  .cost = global_pool_cost,
                                                  .since = 1};

}  // namespace mo::ops
