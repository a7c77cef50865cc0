// SequenceErase: a sequence without the element at a position (the last by default).
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) { c.output(0) = c.input(0); }

void run(Run& c) {
  std::vector<Datum> items = items_of(c, 0);
  int64_t n = static_cast<int64_t>(items.size());
  items.erase(items.begin() + normal_index(c.has(1) ? scalar_integer(c, 1) : -1, n));
  c.out(0, Datum::sequence(std::move(items)));
}

}  // namespace

extern const OpDef sequence_erase{
    .name = "SequenceErase",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
