// The table of dtype facts.
#include "tensor/dtype.h"

#include <array>

#include "base/checked.h"

namespace mo {

namespace {
constexpr std::array<DTypeInfo, 29> k_infos = {{
    {"undefined", 0, false, false, false},    {"float32", 32, true, false, true},   {"uint8", 8, false, true, false},
    {"int8", 8, false, true, true},           {"uint16", 16, false, true, false},   {"int16", 16, false, true, true},
    {"int32", 32, false, true, true},         {"int64", 64, false, true, true},     {"string", 0, false, false, false},
    {"bool", 8, false, false, false},         {"float16", 16, true, false, true},   {"float64", 64, true, false, true},
    {"uint32", 32, false, true, false},       {"uint64", 64, false, true, false},   {"complex64", 64, false, false, true},
    {"complex128", 128, false, false, true},  {"bfloat16", 16, true, false, true},  {"float8e4m3fn", 8, true, false, true},
    {"float8e4m3fnuz", 8, true, false, true}, {"float8e5m2", 8, true, false, true}, {"float8e5m2fnuz", 8, true, false, true},
    {"uint4", 4, false, true, false},         {"int4", 4, false, true, true},       {"float4e2m1", 4, true, false, true},
    {"float8e8m0", 8, true, false, false},    {"uint2", 2, false, true, false},     {"int2", 2, false, true, true},
    {"float6e2m3", 6, true, false, true},     {"float6e3m2", 6, true, false, true},
}};
}  // namespace

bool is_known(DType dtype) {
  int32_t n = static_cast<int32_t>(dtype);
  return n > 0 && n < static_cast<int32_t>(k_infos.size());
}

const DTypeInfo& info(DType dtype) { return k_infos[is_known(dtype) ? static_cast<size_t>(dtype) : 0]; }

DType dtype_from_name(std::string_view name) {
  for (size_t i = 1; i < k_infos.size(); ++i)
    if (name == k_infos[i].name) return static_cast<DType>(i);
  return DType::undefined;
}

int64_t storage_bytes(DType dtype, int64_t count) {
  int bits = info(dtype).bits;
  require(bits > 0, Code::type, "dtype ", name(dtype), " has no fixed width");
  require(count >= 0, Code::shape, "negative element count ", count);
  if (bits >= 8) return checked_mul(count, bits / 8);
  return (checked_add(checked_mul(count, bits), 7)) / 8;
}

}  // namespace mo
