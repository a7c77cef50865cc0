// OptionalGetElement: what an optional holds; a tensor or sequence is passed on as it is.
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (in.kind == Type::Kind::optional) c.output(0) = in.element ? *in.element : Type();
  else c.output(0) = in;
}

void run(Run& c) {
  require(c.has(0), Code::invalid_argument, "the optional is empty");
  const Datum& d = c.datum(0);
  c.out(0, d.is_tensor() ? Datum(kept(d.tensor)) : d);
}

}  // namespace

extern const OpDef optional_get_element{
    .name = "OptionalGetElement",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 15,
    .since_of =
        [](const Node& n, std::span<const Type> in) {
          return in.empty() || in[0].kind != Type::Kind::optional ? std::max(18, since_dtypes(n, in)) : since_dtypes(n, in);
        },
};

}  // namespace mo::ops
