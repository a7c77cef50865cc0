// Equal: a == b with broadcasting.
#include "ops/binary.h"

namespace mo::ops {

namespace {
struct Equal {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};
}  // namespace

extern const OpDef equal{
    .name = "Equal",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast_bool,
    .run = run_compare<
        Equal, Types<bool, float, double, half, bfloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, std::string>>,
    .cost = elementwise_cost<1>,
    .flags = k_elementwise,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
