// SequenceEmpty: a sequence of nothing, for tensors of the given dtype.
#include "ops/sequence.h"

namespace mo::ops {

namespace {
void infer(Infer& c) { c.output(0) = Type::sequence_of(Type::tensor(dtype_attribute(c.node, "dtype", DType::f32))); }
void run(Run& c) { c.out(0, Datum::sequence({})); }
}  // namespace

extern const OpDef sequence_empty{
    .name = "SequenceEmpty",
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
