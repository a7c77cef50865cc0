// SequenceInsert: a sequence with a tensor inserted before a position (at the end by default).
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  Type element = c.input(0).element ? *c.input(0).element : Type();
  const Type& t = c.input(1);
  require(element.dtype == DType::undefined || t.dtype == DType::undefined || element.dtype == t.dtype, Code::type, "a ", name(t.dtype),
          " tensor for a sequence of ", name(element.dtype));
  c.output(0) = Type::sequence_of(common_type(element, t));
}

void run(Run& c) {
  std::vector<Datum> items = items_of(c, 0);
  const Tensor& t = c.in(1);
  if (!items.empty() && items[0].is_tensor())
    require(items[0].tensor.dtype() == t.dtype(), Code::type, "a ", name(t.dtype()), " tensor for a sequence of ", name(items[0].tensor.dtype()));
  int64_t n = static_cast<int64_t>(items.size());
  int64_t at = c.has(2) ? scalar_integer(c, 2) : n;
  require(at >= -n && at <= n, Code::shape, "position ", at, " in a sequence of ", n);
  if (at < 0) at += n;
  items.insert(items.begin() + at, Datum(kept(t)));
  c.out(0, Datum::sequence(std::move(items)));
}

}  // namespace

extern const OpDef sequence_insert{
    .name = "SequenceInsert",
    .min_inputs = 2,
    .max_inputs = 3,
    .infer = infer,
    .run = run,
    .since = 11,
};

}  // namespace mo::ops
