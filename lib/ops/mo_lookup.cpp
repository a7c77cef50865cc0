// mo.Lookup: y = table[x] on the 8 bits of x read as an unsigned number; docs/internal_operators.md defines it.
#include "ops/compute.h"
#include "ops/quantized.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  Type y = c.input(0);
  y.dtype = c.dtype(1);
  if (c.input(0).is_tensor()) c.output() = std::move(y);
}

void run(Run& c) {
  const Tensor &x = c.in(0), &table = c.in(1);
  require(is_8bit(x.dtype()), Code::type, "X is ", name(x.dtype()), ", wants int8 or uint8");
  require_shape(c, 1, {256});
  const auto* src = static_cast<const uint8_t*>(x.raw());
  Tensor& y = c.out(0, table.dtype(), x.shape());
  if (table.dtype() == DType::f32) {
    float* dst = y.mutable_data<float>();
    for (int64_t i = 0; i < x.size(); ++i) dst[i] = table.data<float>()[src[i]];
  } else {
    require(is_8bit(table.dtype()), Code::type, "table is ", name(table.dtype()), ", wants int8, uint8 or float32");
    auto* dst = static_cast<uint8_t*>(y.raw_mutable());
    const auto* entries = static_cast<const uint8_t*>(table.raw());
    for (int64_t i = 0; i < x.size(); ++i) dst[i] = entries[src[i]];
  }
}

}  // namespace

extern const OpDef mo_lookup{
    .name = "Lookup", .domain = "mo", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .flags = k_elementwise, .since = 1};

}  // namespace mo::ops
