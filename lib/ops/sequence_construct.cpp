// SequenceConstruct: a sequence of the inputs.
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  Type element;
  for (size_t i = 0; i < c.inputs(); ++i) {
    const Type& t = c.input(i);
    require(element.dtype == DType::undefined || t.dtype == DType::undefined || element.dtype == t.dtype, Code::type, "tensors of dtypes ",
            name(element.dtype), " and ", name(t.dtype), " in one sequence");
    element = i == 0 ? t : common_type(element, t);
  }
  c.output(0) = Type::sequence_of(element);
}

void run(Run& c) {
  std::vector<Datum> items;
  for (size_t i = 0; i < c.inputs(); ++i) {
    require_same_dtype(c, 0, i);
    items.emplace_back(kept(c.in(i)));
  }
  c.out(0, Datum::sequence(std::move(items)));
}

}  // namespace

extern const OpDef sequence_construct{
    .name = "SequenceConstruct",
    .min_inputs = 1,
    .max_inputs = -1,
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
