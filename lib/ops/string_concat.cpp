// StringConcat: the strings of both inputs joined element by element, with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Join {
  std::string operator()(const std::string& a, const std::string& b) const { return a + b; }
};
}  // namespace

extern const OpDef string_concat{
    .name = "StringConcat",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
    .run = run_binary<Join, Types<std::string>>,
    .flags = k_elementwise,
    .since = 20,
};

}  // namespace mo::ops
