// Size: the number of elements of a tensor as an int64 scalar.
#include "ops/helpers.h"

namespace mo::ops {

namespace {
void infer(Infer& c) { c.set(0, DType::i64, {}); }
void run(Run& c) { *c.out(0, DType::i64, {}).mutable_data<int64_t>() = c.in(0).size(); }
}  // namespace

extern const OpDef size{
    .name = "Size",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_shape_only,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
