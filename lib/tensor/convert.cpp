// Element conversion: every dtype loads to double or int64 and stores from it; hot pairs have loops of their own.
#include "tensor/convert.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/float_types.h"

namespace mo {

namespace {

template <class T>
T read(const void* data, int64_t i) {
  return static_cast<const T*>(data)[i];
}

int64_t truncate(double v) {
  if (std::isnan(v)) return 0;
  if (v >= 9223372036854775807.0) return std::numeric_limits<int64_t>::max();
  if (v <= -9223372036854775808.0) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(v);
}

bool integral(DType d) { return is_integer(d) || d == DType::boolean; }

uint64_t load_bits(DType dtype, const void* data, int64_t i) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  switch (info(dtype).bits) {
    case 2: return packed_get_u2(bytes, i);
    case 4: return packed_get_u4(bytes, i);
    case 6: {  // six-bit elements are packed without gaps, low bits first
      int64_t bit = i * 6;
      unsigned word = bytes[bit >> 3];
      if ((bit & 7) > 2) word |= static_cast<unsigned>(bytes[(bit >> 3) + 1]) << 8;
      return word >> (bit & 7) & 0x3f;
    }
    default: return bytes[i];
  }
}

void store_bits(DType dtype, void* data, int64_t i, uint8_t v) {
  auto* bytes = static_cast<uint8_t*>(data);
  switch (info(dtype).bits) {
    case 2: packed_set_2(bytes, i, v); break;
    case 4: packed_set_4(bytes, i, v); break;
    case 6:
      for (int b = 0; b < 6; ++b) {
        int64_t bit = i * 6 + b;
        uint8_t mask = static_cast<uint8_t>(1u << (bit & 7));
        bytes[bit >> 3] = static_cast<uint8_t>((v >> b & 1) ? bytes[bit >> 3] | mask : bytes[bit >> 3] & ~mask);
      }
      break;
    default: bytes[i] = v;
  }
}

void store_integer(DType dtype, void* data, int64_t i, int64_t v) {
  switch (dtype) {
    case DType::i8:
    case DType::u8: static_cast<uint8_t*>(data)[i] = static_cast<uint8_t>(v); break;
    case DType::i16:
    case DType::u16: static_cast<uint16_t*>(data)[i] = static_cast<uint16_t>(v); break;
    case DType::i32:
    case DType::u32: static_cast<uint32_t*>(data)[i] = static_cast<uint32_t>(v); break;
    case DType::i64:
    case DType::u64: static_cast<int64_t*>(data)[i] = v; break;
    case DType::boolean: static_cast<uint8_t*>(data)[i] = v != 0; break;
    default: store_bits(dtype, data, i, static_cast<uint8_t>(v));
  }
}

void store_float(DType dtype, void* data, int64_t i, double v, bool saturate) {
  float f = static_cast<float>(v);
  switch (dtype) {
    case DType::f32: static_cast<float*>(data)[i] = f; break;
    case DType::f64: static_cast<double*>(data)[i] = v; break;
    case DType::f16: static_cast<half*>(data)[i] = to_half(f); break;
    case DType::bf16: static_cast<bfloat16*>(data)[i] = to_bfloat16(f); break;
    case DType::f8e4m3fn: static_cast<f8e4m3fn*>(data)[i] = to_f8e4m3fn(f, saturate); break;
    case DType::f8e4m3fnuz: static_cast<f8e4m3fnuz*>(data)[i] = to_f8e4m3fnuz(f, saturate); break;
    case DType::f8e5m2: static_cast<f8e5m2*>(data)[i] = to_f8e5m2(f, saturate); break;
    case DType::f8e5m2fnuz: static_cast<f8e5m2fnuz*>(data)[i] = to_f8e5m2fnuz(f, saturate); break;
    case DType::f8e8m0: static_cast<f8e8m0*>(data)[i] = to_f8e8m0(f, saturate); break;
    case DType::f4e2m1: store_bits(dtype, data, i, float_to_f4e2m1(f)); break;
    case DType::f6e2m3: store_bits(dtype, data, i, float_to_f6e2m3(f)); break;
    case DType::f6e3m2: store_bits(dtype, data, i, float_to_f6e3m2(f)); break;
    default: fail(Code::type, "cannot store a number as ", name(dtype));
  }
}

void require_real(DType d) { require(is_floating(d) || integral(d), Code::type, "dtype ", name(d), " is not a real number type"); }

template <class From, class To, class F>
void loop(const void* src, void* dst, int64_t count, F f) {
  const auto* s = static_cast<const From*>(src);
  auto* d = static_cast<To*>(dst);
  for (int64_t i = 0; i < count; ++i) d[i] = f(s[i]);
}

bool convert_hot(DType from, const void* src, DType to, void* dst, int64_t count) {
  auto is = [&](DType a, DType b) { return from == a && to == b; };
  if (is(DType::f32, DType::f16)) return loop<float, half>(src, dst, count, [](float v) { return to_half(v); }), true;
  if (is(DType::f16, DType::f32)) return loop<half, float>(src, dst, count, [](half v) { return to_float(v); }), true;
  if (is(DType::f32, DType::bf16)) return loop<float, bfloat16>(src, dst, count, [](float v) { return to_bfloat16(v); }), true;
  if (is(DType::bf16, DType::f32)) return loop<bfloat16, float>(src, dst, count, [](bfloat16 v) { return to_float(v); }), true;
  if (is(DType::u8, DType::f32)) return loop<uint8_t, float>(src, dst, count, [](uint8_t v) { return static_cast<float>(v); }), true;
  if (is(DType::i8, DType::f32)) return loop<int8_t, float>(src, dst, count, [](int8_t v) { return static_cast<float>(v); }), true;
  if (is(DType::i64, DType::i32)) return loop<int64_t, int32_t>(src, dst, count, [](int64_t v) { return static_cast<int32_t>(v); }), true;
  if (is(DType::i32, DType::i64)) return loop<int32_t, int64_t>(src, dst, count, [](int32_t v) { return static_cast<int64_t>(v); }), true;
  if (is(DType::i64, DType::f32)) return loop<int64_t, float>(src, dst, count, [](int64_t v) { return static_cast<float>(v); }), true;
  if (is(DType::f64, DType::f32)) return loop<double, float>(src, dst, count, [](double v) { return static_cast<float>(v); }), true;
  if (is(DType::f32, DType::f64)) return loop<float, double>(src, dst, count, [](float v) { return static_cast<double>(v); }), true;
  return false;
}

}  // namespace

double load_number(DType dtype, const void* data, int64_t i) {
  switch (dtype) {
    case DType::f32: return read<float>(data, i);
    case DType::f64: return read<double>(data, i);
    case DType::f16: return to_float(read<half>(data, i));
    case DType::bf16: return to_float(read<bfloat16>(data, i));
    case DType::f8e4m3fn: return to_float(read<f8e4m3fn>(data, i));
    case DType::f8e4m3fnuz: return to_float(read<f8e4m3fnuz>(data, i));
    case DType::f8e5m2: return to_float(read<f8e5m2>(data, i));
    case DType::f8e5m2fnuz: return to_float(read<f8e5m2fnuz>(data, i));
    case DType::f8e8m0: return to_float(read<f8e8m0>(data, i));
    case DType::f4e2m1: return f4e2m1_to_float(static_cast<uint8_t>(load_bits(dtype, data, i)));
    case DType::f6e2m3: return f6e2m3_to_float(static_cast<uint8_t>(load_bits(dtype, data, i)));
    case DType::f6e3m2: return f6e3m2_to_float(static_cast<uint8_t>(load_bits(dtype, data, i)));
    case DType::u64: return static_cast<double>(read<uint64_t>(data, i));
    default: return static_cast<double>(load_integer(dtype, data, i));
  }
}

int64_t load_integer(DType dtype, const void* data, int64_t i) {
  switch (dtype) {
    case DType::u8: return read<uint8_t>(data, i);
    case DType::i8: return read<int8_t>(data, i);
    case DType::u16: return read<uint16_t>(data, i);
    case DType::i16: return read<int16_t>(data, i);
    case DType::i32: return read<int32_t>(data, i);
    case DType::u32: return read<uint32_t>(data, i);
    case DType::i64:
    case DType::u64: return read<int64_t>(data, i);
    case DType::boolean: return read<uint8_t>(data, i) != 0;
    case DType::i4: return packed_get_i4(static_cast<const uint8_t*>(data), i);
    case DType::i2: return packed_get_i2(static_cast<const uint8_t*>(data), i);
    case DType::u4:
    case DType::u2: return static_cast<int64_t>(load_bits(dtype, data, i));
    default: require_real(dtype); return truncate(load_number(dtype, data, i));
  }
}

void store_number(DType dtype, void* data, int64_t i, double value) {
  if (integral(dtype)) {
    if (dtype == DType::boolean) store_integer(dtype, data, i, value != 0);
    else if (dtype == DType::u64 && value >= 9223372036854775808.0)
      static_cast<uint64_t*>(data)[i] = value >= 18446744073709551615.0 ? ~0ull : static_cast<uint64_t>(value);
    else store_integer(dtype, data, i, truncate(value));
  } else {
    store_float(dtype, data, i, value, true);
  }
}

void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count, bool saturate) {
  require_real(from);
  require_real(to);
  if (from == to) {
    if (count > 0) std::memcpy(dst, src, static_cast<size_t>(storage_bytes(from, count)));
    return;
  }
  if (convert_hot(from, src, to, dst, count)) return;
  if (info(to).bits < 8 && count > 0) std::memset(dst, 0, static_cast<size_t>(storage_bytes(to, count)));
  for (int64_t i = 0; i < count; ++i) {
    if (to == DType::boolean) static_cast<uint8_t*>(dst)[i] = integral(from) ? load_integer(from, src, i) != 0 : load_number(from, src, i) != 0;
    else if (integral(from) && integral(to)) store_integer(to, dst, i, load_integer(from, src, i));
    else if (integral(to)) store_number(to, dst, i, load_number(from, src, i));
    else store_float(to, dst, i, load_number(from, src, i), saturate);
  }
}

}  // namespace mo
