// Optional: the input as an optional value, or an empty optional of the type that attribute `type` names.
#include "ops/sequence.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  if (c.has(0)) {
    c.output(0) = Type::optional_of(c.input(0));
    return;
  }
  const graph::AttrValue* type = c.node.find("type");
  const Type* named = type ? std::get_if<Type>(type) : nullptr;
  require(named != nullptr, Code::format, "an empty optional needs the attribute type");
  c.output(0) = Type::optional_of(*named);
}

void run(Run& c) {
  if (!c.has(0)) return c.out(0, Datum());
  const Datum& d = c.datum(0);
  c.out(0, d.is_tensor() ? Datum(kept(d.tensor)) : d);
}

}  // namespace

extern const OpDef optional{
    .name = "Optional",
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 15,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
