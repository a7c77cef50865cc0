// GlobalAveragePool: the mean of each plane of [n, c, spatial...].
#include "ops/global_pool.h"

namespace mo::ops {
namespace {

void run(Run& c) {
  run_global_pool(c, [](const auto* x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]);
    return sum / static_cast<double>(count);
  });
}

}  // namespace

extern const OpDef global_average_pool{.name = "GlobalAveragePool",
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .infer = infer_global_pool,
                                       .run = run,
                                       .cost = global_pool_cost,
                                       .since = 7,
                                       .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
