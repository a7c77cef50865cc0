// GlobalLpPool: (sum of |x|^p over each plane)^(1/p).
#include <cmath>

#include "ops/global_pool.h"

namespace mo::ops {
namespace {

void run(Run& c) {
  double p = static_cast<double>(c.node.i("p", 2));
  require(p >= 1, Code::invalid_argument, "p is ", p);
  run_global_pool(c, [p](const auto* x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += std::pow(std::abs(static_cast<double>(x[i])), p);
    return std::pow(sum, 1.0 / p);
  });
}

}  // namespace

extern const OpDef global_lp_pool{.name = "GlobalLpPool",
                                  .min_inputs = 1,
                                  .max_inputs = 1,
                                  .infer = infer_global_pool,
                                  .run = run,
                                  .cost = global_pool_cost,
                                  .since = 7,
                                  .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
