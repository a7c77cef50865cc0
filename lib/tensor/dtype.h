// Element types, numbered as in ONNX TensorProto.DataType (the numbers are part of the ABI).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mo {

enum class DType : int32_t {
  undefined = 0,
  f32 = 1,
  u8 = 2,
  i8 = 3,
  u16 = 4,
  i16 = 5,
  i32 = 6,
  i64 = 7,
  string = 8,
  boolean = 9,
  f16 = 10,
  f64 = 11,
  u32 = 12,
  u64 = 13,
  c64 = 14,
  c128 = 15,
  bf16 = 16,
  f8e4m3fn = 17,
  f8e4m3fnuz = 18,
  f8e5m2 = 19,
  f8e5m2fnuz = 20,
  u4 = 21,
  i4 = 22,
  f4e2m1 = 23,
  f8e8m0 = 24,
  u2 = 25,
  i2 = 26,
  f6e2m3 = 27,
  f6e3m2 = 28,
};

// Facts of one dtype. `bits` is the storage width of one element; 4- and 2-bit elements are packed, low bits first.
struct DTypeInfo {
  const char* name;  // "float32", "int8", as numpy and ONNX spell it
  int bits;          // 0 for string and undefined
  bool floating, integer, is_signed;
};

const DTypeInfo& info(DType dtype);  // of an unknown number: the entry of `undefined`
inline const char* name(DType dtype) { return info(dtype).name; }
bool is_known(DType dtype);
DType dtype_from_name(std::string_view name);  // undefined when unknown
inline bool is_floating(DType d) { return info(d).floating; }
inline bool is_integer(DType d) { return info(d).integer; }

// Bytes that `count` elements take; throws Code::limit on overflow, Code::type for string and undefined.
int64_t storage_bytes(DType dtype, int64_t count);

// The C++ type that holds one unpacked element: dtype_of<float>() == DType::f32.
template <class T>
constexpr DType dtype_of();

}  // namespace mo
