// BitCast: the same bits under another dtype of the same width.
#include "ops/helpers.h"

namespace mo::ops {

namespace {

DType target(const Node& n, DType from) {
  DType to = dtype_attribute(n, "to", DType::undefined);
  require(info(to).bits > 0, Code::type, "cannot reinterpret as ", name(to));
  require(from == DType::undefined || info(from).bits == info(to).bits, Code::type, name(from), " and ", name(to), " differ in width");
  return to;
}

void infer(Infer& c) {
  infer_same(c);
  c.output(0).dtype = target(c.node, c.dtype(0));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  c.out(0, Tensor::copy_of(target(c.node, x.dtype()), x.shape(), x.raw()));
}

}  // namespace

extern const OpDef bit_cast{
    .name = "BitCast",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 26,
};

}  // namespace mo::ops
