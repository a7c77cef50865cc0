// ArgMin: the index of the smallest element along one axis.
#include <functional>

#include "ops/arg_reduce.h"

namespace mo::ops {

extern const OpDef arg_min{
    .name = "ArgMin",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_arg,
    .run = run_arg<std::less<>>,
    .cost = cost_per_input,
    .since_of = arg_since,
};

}  // namespace mo::ops
