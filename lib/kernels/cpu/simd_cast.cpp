// Cast between float32 and bfloat16, of int32 sums to float32 and of float32 to bytes, in whichever order the elements lie.
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "kernels/kernel.h"
#include "tensor/convert.h"

namespace mo::kernels {
namespace {

// Nearest, ties to even; a NaN keeps its upper bits and becomes quiet.
MO_INLINE void to_bf16_body(const void* x, void* y, int64_t n) {
  const uint32_t* src = static_cast<const uint32_t*>(x);
  uint16_t* dst = static_cast<uint16_t*>(y);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t v = src[i], rounded = (v + 0x7fff + (v >> 16 & 1)) >> 16, nan = v >> 16 | 0x40;
    dst[i] = static_cast<uint16_t>((v & 0x7fffffff) > 0x7f800000 ? nan : rounded);
  }
}
MO_SIMD_PLAIN(to_bf16, void, (const void* x, void* y, int64_t n), (x, y, n))

MO_INLINE void from_bf16_body(const void* x, void* y, int64_t n) {
  const uint16_t* src = static_cast<const uint16_t*>(x);
  uint32_t* dst = static_cast<uint32_t*>(y);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<uint32_t>(src[i]) << 16;
}
MO_SIMD_PLAIN(from_bf16, void, (const void* x, void* y, int64_t n), (x, y, n))

MO_INLINE void from_i32_body(const void* x, void* y, int64_t n) {
  const int32_t* src = static_cast<const int32_t*>(x);
  float* dst = static_cast<float*>(y);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<float>(src[i]);
}
MO_SIMD_PLAIN(from_i32, void, (const void* x, void* y, int64_t n), (x, y, n))

MO_INLINE bool fits_body(const float* x, int64_t n) {
  int32_t out = 0;
#pragma omp simd reduction(| : out)
  for (int64_t i = 0; i < n; ++i) out |= x[i] < 2147483520.0f && x[i] > -2147483520.0f ? 0 : 1;
  return out == 0;
}
MO_SIMD_PLAIN(fits, bool, (const float* x, int64_t n), (x, n))

// Truncated, then the low 8 bits.
MO_INLINE void truncate_body(const float* x, uint8_t* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<uint8_t>(static_cast<int32_t>(x[i]));
}
MO_SIMD_PLAIN(truncate, void, (const float* x, uint8_t* y, int64_t n), (x, y, n))

void to_byte(const void* x, void* y, int64_t n) {
  const float* src = static_cast<const float*>(x);
  if (fits_pick()(src, n)) truncate_pick()(src, static_cast<uint8_t*>(y), n);
  else convert_elements(DType::f32, src, DType::u8, y, n);  // far numbers saturate first; signed bytes are the same bits
}

using Row = void (*)(const void* x, void* y, int64_t n);

Row row_of(DType from, DType to) {
  if (from == DType::f32 && to == DType::bf16) return to_bf16_pick();
  if (from == DType::bf16 && to == DType::f32) return from_bf16_pick();
  if (from == DType::i32 && to == DType::f32) return from_i32_pick();
  if (from == DType::f32 && (to == DType::u8 || to == DType::i8)) return to_byte;
  return nullptr;
}

Offer prepare(const Request& r) {
  const DType from = r.in(0).dtype, to = r.out().dtype;
  const Row row = row_of(from, to);
  if (!row) return Decline{text(name(from), " to ", name(to))};
  const int64_t n = element_count(r.in(0).shape), from_size = info(from).bits / 8, to_size = info(to).bits / 8;
  const int threads = n >= 1 << 16 ? r.threads : 1;
  Prepared p;
  p.detail = isa_name();
  p.run = [=](const Args& a) {
    parallel_for(threads, n, 4096, [&](int64_t begin, int64_t end) {
      row(static_cast<const char*>(a.src[0]) + begin * from_size, static_cast<char*>(a.dst[0]) + begin * to_size, end - begin);
    });
  };
  return p;
}

}  // namespace

extern const Candidate simd_cast{"Cast", "", "simd_cast", Wish::any_same, prepare};

}  // namespace mo::kernels
