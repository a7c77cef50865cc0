// OptionalHasElement: whether an optional holds something; tensors and sequences always do, an absent input does not.
#include "ops/sequence.h"

namespace mo::ops {

namespace {
void infer(Infer& c) { c.set(0, DType::boolean, {}); }
void run(Run& c) { *c.out(0, DType::boolean, {}).mutable_data<bool>() = c.has(0); }
}  // namespace

extern const OpDef optional_has_element{
    .name = "OptionalHasElement",
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
