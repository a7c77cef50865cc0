// ConstantOfShape: a tensor of the shape given by input 0 in which every element is `value` (float 0 by default).
#include "ops/movement.h"

namespace mo::ops {

namespace {

DType value_dtype(const Node& n) {
  const Tensor* value = n.tensor("value");
  return value ? value->dtype() : DType::f32;
}

void infer(Infer& c) {
  DType dtype = value_dtype(c.node);
  if (auto shape = c.known_ints(0)) {
    element_count(*shape);
    return c.set(0, dtype, dims_of(*shape));
  }
  const Type& list = c.input(0);
  if (list.ranked && list.rank() == 1 && list.dims[0].known() && list.dims[0].size <= k_max_rank) c.set(0, dtype, unknown_dims(list.dims[0].size));
  else c.set_unranked(0, dtype);
}

void run(Run& c) {
  const Tensor* value = c.node.tensor("value");
  require(!value || value->size() == 1, Code::shape, "value must hold one element");
  fill(c.out(0, value_dtype(c.node), integer_list(c, 0)), value);
}

int since(const Node& n, std::span<const Type>) {
  switch (value_dtype(n)) {
    case DType::bf16:
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz: return 20;
    case DType::i4:
    case DType::u4: return 21;
    case DType::f4e2m1: return 23;
    case DType::f8e8m0: return 24;
    case DType::i2:
    case DType::u2: return 25;
    default: return 9;
  }
}

}  // namespace

extern const OpDef constant_of_shape{
    .name = "ConstantOfShape",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 9,
    .since_of = since,
};

}  // namespace mo::ops
