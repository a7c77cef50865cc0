// Identity: y = x, for tensors, sequences and optionals.
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  if (c.has(0)) c.output(0) = c.input(0);
}

void run(Run& c) { c.out(0, c.has(0) ? c.datum(0) : Datum()); }  // an empty optional passes too

// Sequences came with opset 14, optionals with 16.
int since(const Node& n, std::span<const Type> inputs) {
  int s = since_dtypes(n, inputs);
  if (inputs.empty()) return s;
  if (inputs[0].kind == Type::Kind::optional) return std::max(s, 16);
  return inputs[0].kind == Type::Kind::sequence ? std::max(s, 14) : s;
}

}  // namespace

extern const OpDef identity{
    .name = "Identity",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_movement | k_shares | k_elementwise,
    .since_of = since,
};

}  // namespace mo::ops
