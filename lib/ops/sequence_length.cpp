// SequenceLength: how many elements a sequence has, as an int64 scalar.
#include "ops/sequence.h"

namespace mo::ops {

namespace {
void infer(Infer& c) { c.set(0, DType::i64, {}); }
void run(Run& c) { *c.out(0, DType::i64, {}).mutable_data<int64_t>() = static_cast<int64_t>(items_of(c, 0).size()); }
}  // namespace

extern const OpDef sequence_length{
    .name = "SequenceLength",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
