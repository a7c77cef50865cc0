// QLinearAveragePool of com.microsoft: the mean over each window of an 8-bit tensor, rounded to 8 bits.
#include "ops/pooling.h"
#include "ops/qlinear.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  require(c.node.i("channels_last", 0) == 0, Code::unsupported, "channels_last");
  infer_pool(c, 0, qlinear_dtype(c, 4, 0));
}

void run(Run& c) {
  Attributes attributes = c.node.attributes;
  std::erase_if(attributes, [](const auto& a) { return a.first == "channels_last"; });
  run_qlinear_unary(c, "AveragePool", std::move(attributes));
}

}  // namespace

extern const OpDef ms_qlinear_average_pool{.name = "QLinearAveragePool",
                                           .domain = "com.microsoft",
                                           .min_inputs = 4,
                                           .max_inputs = 5,
                                           .infer = infer,
                                           .run = run,
                                           .cost = pool_cost,
                                           .since = 1};

}  // namespace mo::ops
