// CastLike: input 0 in the dtype of input 1.
#include "ops/cast.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = c.dtype(1);
}

void run(Run& c) { run_cast(c, c.dtype(1)); }

int since(const Node& n, std::span<const Type> inputs) {
  int opset = std::max(15, cast_attributes_since(n));
  for (const Type& t : inputs) opset = std::max(opset, cast_since(t.dtype));
  return opset;
}

}  // namespace

extern const OpDef cast_like{
    .name = "CastLike",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .cost = elementwise_cost<1>,
    .since = 15,
    .since_of = since,
};

}  // namespace mo::ops
