// SequenceAt: the tensor at a position of a sequence; negative positions count from the end.
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) { c.output(0) = element_type(c, 0); }

void run(Run& c) {
  const std::vector<Datum>& items = items_of(c, 0);
  int64_t at = normal_index(scalar_integer(c, 1), static_cast<int64_t>(items.size()));
  c.out(0, items[static_cast<size_t>(at)]);
}

}  // namespace

extern const OpDef sequence_at{
    .name = "SequenceAt",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
