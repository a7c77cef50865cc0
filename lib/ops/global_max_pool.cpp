// GlobalMaxPool: the largest element of each plane of [n, c, spatial...].
#include <limits>

#include "ops/global_pool.h"

namespace mo::ops {
namespace {

void run(Run& c) {
  run_global_pool(c, [](const auto* x, int64_t count) {
    double best = -std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < count; ++i) best = std::max(best, static_cast<double>(x[i]));
    return best;
  });
}

}  // namespace

extern const OpDef global_max_pool{.name = "GlobalMaxPool",
                                   .min_inputs = 1,
                                   .max_inputs = 1,
                                   .infer = infer_global_pool,
                                   .run = run,
                                   .cost = global_pool_cost,
                                   .since = 7,
                                   .since_of = since_bf16<7, 22>};

}  // namespace mo::ops
