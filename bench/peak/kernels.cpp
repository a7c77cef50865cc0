// The loops. Accumulators are many enough to hide the latency of two units with four to five cycles.
#include "kernels.h"

#include <cstring>

#include "base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define PEAK_TARGET(isa) __attribute__((target(isa)))
// Makes the compiler believe that x changes, so that nothing is taken out of the loop.
#define PEAK_OPAQUE(x) __asm__ volatile("" : "+v"(x))
#endif

namespace peak {

namespace {

constexpr int k_chains = 12;

// --- portable: what the compiler makes of plain loops for the oldest processor of its target

int64_t fp32_portable(int64_t turns) {
  float sum[64] = {}, x[64], y = 1.0001f;
  for (int i = 0; i < 64; ++i) x[i] = 1e-3f * static_cast<float>(i);
  for (int64_t t = 0; t < turns; ++t)
    for (int i = 0; i < 64; ++i) sum[i] += x[i] * y;
  int64_t out = 0;
  for (float s : sum) out += static_cast<int64_t>(s);
  return out;
}

int64_t int8_portable(int64_t turns) {
  int32_t sum[64] = {};
  volatile int8_t seed = 3;
  int16_t x[64], y = seed;
  for (int i = 0; i < 64; ++i) x[i] = static_cast<int16_t>(i - 32);
  for (int64_t t = 0; t < turns; ++t, y ^= 1)
    for (int i = 0; i < 64; ++i) sum[i] += x[i] * y;
  int64_t out = 0;
  for (int32_t s : sum) out += s;
  return out;
}

int64_t read_portable(const char* data, int64_t lines, int streams) {
  const int64_t part = lines / streams;
  uint64_t sum[8] = {};
  for (int64_t l = 0; l < part; ++l)
    for (int s = 0; s < streams; ++s) {
      uint64_t line[8];
      std::memcpy(line, data + (s * part + l) * 64, 64);
      for (int i = 0; i < 8; ++i) sum[i] ^= line[i];
    }
  int64_t out = 0;
  for (uint64_t s : sum) out ^= static_cast<int64_t>(s);
  return out;
}

#if defined(__x86_64__)

PEAK_TARGET("avx512f") int64_t first(__m512i x) {
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, x);
  return lanes[0] + lanes[15];
}

PEAK_TARGET("avx2,fma") int64_t fp32_avx2(int64_t turns) {
  __m256 sum[k_chains], x = _mm256_set1_ps(1e-3f), y = _mm256_set1_ps(1.0001f);
  for (auto& s : sum) s = _mm256_setzero_ps();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) sum[i] = _mm256_fmadd_ps(x, y, sum[i]);
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  return static_cast<int64_t>(_mm256_cvtss_f32(sum[0]));
}

PEAK_TARGET("avx512f") int64_t fp32_avx512(int64_t turns) {
  __m512 sum[k_chains], x = _mm512_set1_ps(1e-3f), y = _mm512_set1_ps(1.0001f);
  for (auto& s : sum) s = _mm512_setzero_ps();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) sum[i] = _mm512_fmadd_ps(x, y, sum[i]);
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return static_cast<int64_t>(_mm512_cvtss_f32(sum[0]));
}

PEAK_TARGET("avx512f,avx512bf16") int64_t bf16_avx512(int64_t turns) {
  __m512 sum[k_chains];
  const __m512 one = _mm512_set1_ps(1e-2f);
  __m512bh x = _mm512_cvtne2ps_pbh(one, one), y = x;
  for (auto& s : sum) s = _mm512_setzero_ps();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) sum[i] = _mm512_dpbf16_ps(sum[i], x, y);
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return static_cast<int64_t>(_mm512_cvtss_f32(sum[0]));
}

PEAK_TARGET("avx2") int64_t int8_avx2(int64_t turns) {  // 7-bit operands: what saturates would need more
  __m256i sum[k_chains], x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(-2), ones = _mm256_set1_epi16(1);
  for (auto& s : sum) s = _mm256_setzero_si256();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) {
      PEAK_OPAQUE(x);
      sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), ones));
    }
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm256_add_epi32(sum[0], sum[i]);
  return _mm256_extract_epi32(sum[0], 0);
}

PEAK_TARGET("avx512f,avx512bw") int64_t int8_avx512(int64_t turns) {
  __m512i sum[k_chains], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(-2), ones = _mm512_set1_epi16(1);
  for (auto& s : sum) s = _mm512_setzero_si512();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) {
      PEAK_OPAQUE(x);
      sum[i] = _mm512_add_epi32(sum[i], _mm512_madd_epi16(_mm512_maddubs_epi16(x, y), ones));
    }
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  return first(sum[0]);
}

PEAK_TARGET("avxvnni,avx2") int64_t int8_avx_vnni(int64_t turns) {
  __m256i sum[k_chains], x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(-2);
  for (auto& s : sum) s = _mm256_setzero_si256();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) sum[i] = _mm256_dpbusd_avx_epi32(sum[i], x, y);
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm256_add_epi32(sum[0], sum[i]);
  return _mm256_extract_epi32(sum[0], 0);
}

PEAK_TARGET("avx512f,avx512vnni") int64_t int8_avx512_vnni(int64_t turns) {
  __m512i sum[k_chains], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(-2);
  for (auto& s : sum) s = _mm512_setzero_si512();
  for (int64_t t = 0; t < turns; ++t)
#pragma GCC unroll 16
    for (int i = 0; i < k_chains; ++i) sum[i] = _mm512_dpbusd_epi32(sum[i], x, y);
  for (int i = 1; i < k_chains; ++i) sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  return first(sum[0]);
}

PEAK_TARGET("avx2") int64_t read_avx2(const char* data, int64_t lines, int streams) {
  const int64_t part = lines / streams;
  __m256i a = _mm256_setzero_si256(), b = a;
  for (int64_t l = 0; l < part; ++l)
    for (int s = 0; s < streams; ++s) {
      const auto* line = reinterpret_cast<const __m256i*>(data + (s * part + l) * 64);
      a = _mm256_xor_si256(a, _mm256_load_si256(line));
      b = _mm256_xor_si256(b, _mm256_load_si256(line + 1));
    }
  return _mm256_extract_epi32(_mm256_xor_si256(a, b), 0);
}

PEAK_TARGET("avx512f") int64_t read_avx512(const char* data, int64_t lines, int streams) {
  const int64_t part = lines / streams;
  __m512i a = _mm512_setzero_si512();
  for (int64_t l = 0; l < part; ++l)
    for (int s = 0; s < streams; ++s) a = _mm512_xor_si512(a, _mm512_load_si512(data + (s * part + l) * 64));
  return first(a);
}

#endif

}  // namespace

std::vector<Multiply> multiplies() {
  Multiply fp32{"fp32", "portable", 64, fp32_portable}, bf16{"bf16", "", 0, nullptr}, int8{"int8", "portable", 64, int8_portable};
#if defined(__x86_64__)
  const mo::CpuFeatures& c = mo::cpu();
  if (c.avx2 && c.fma) fp32 = {"fp32", "avx2 vfmadd", k_chains * 8, fp32_avx2};
  if (c.avx512) fp32 = {"fp32", "avx512 vfmadd", k_chains * 16, fp32_avx512};
  if (c.avx512_bf16) bf16 = {"bf16", "avx512 vdpbf16ps", k_chains * 32, bf16_avx512};
  if (c.avx2) int8 = {"int8", "avx2 vpmaddubsw, vpmaddwd, vpaddd", k_chains * 32, int8_avx2};
  if (c.avx512) int8 = {"int8", "avx512 vpmaddubsw, vpmaddwd, vpaddd", k_chains * 64, int8_avx512};
  if (c.avx_vnni && !c.avx512_vnni) int8 = {"int8", "avx vpdpbusd", k_chains * 32, int8_avx_vnni};
  if (c.avx512_vnni) int8 = {"int8", "avx512 vpdpbusd", k_chains * 64, int8_avx512_vnni};
#endif
  std::vector<Multiply> out{fp32, int8};
  if (bf16.run) out.push_back(bf16);
  return out;
}

Read read() {
#if defined(__x86_64__)
  if (mo::cpu().avx512) return {"avx512", read_avx512};
  if (mo::cpu().avx2) return {"avx2", read_avx2};
#endif
  return {"portable", read_portable};
}

}  // namespace peak
