// CPUID and XGETBV, read once.
#include "base/cpu.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define MO_X86 1
#endif

#include "base/system_files.h"

namespace mo {

namespace {

#ifdef MO_X86
bool bit(uint32_t word, int index) { return (word >> index & 1) != 0; }

uint64_t enabled_state() {  // XCR0: register files that the system saves
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}
#endif

constexpr const char* k_levels[] = {"scalar", "sse42", "avx2", "avx512", "vnni", "bf16", "amx"};

}  // namespace

CpuFeatures cpu_detected() {
  CpuFeatures f;
#ifdef MO_X86
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
  f.sse42 = bit(c, 20);
  bool os_saves = bit(c, 27), fma = bit(c, 12), f16c = bit(c, 29), avx = bit(c, 28);
  if (!os_saves || !avx) return f;
  uint64_t state = enabled_state();
  bool ymm = (state & 0x6) == 0x6, zmm = ymm && (state & 0xe0) == 0xe0, tiles = (state & 0x60000) == 0x60000;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return f;
  uint32_t subleaves = a;
  f.fma = ymm && fma;
  f.f16c = ymm && f16c;
  f.avx2 = ymm && bit(b, 5);
  f.avx512 = zmm && bit(b, 16) && bit(b, 30) && bit(b, 31) && bit(b, 17) && bit(b, 28);
  f.avx512_vnni = f.avx512 && bit(c, 11);
  f.avx512_vbmi = f.avx512 && bit(c, 1);
  f.avx512_fp16 = f.avx512 && bit(d, 23);
  f.amx_tile = tiles && bit(d, 24);
  f.amx_int8 = f.amx_tile && bit(d, 25);
  f.amx_bf16 = f.amx_tile && bit(d, 22);
  if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    f.avx_vnni = f.avx2 && bit(a, 4);
    f.avx512_bf16 = f.avx512 && bit(a, 5);
  }
#endif
  return f;
}

CpuFeatures capped(const CpuFeatures& features, std::string_view level) {
  int cap = -1;
  for (int i = 0; i < static_cast<int>(std::size(k_levels)); ++i)
    if (level == k_levels[i]) cap = i;
  CpuFeatures f = features;
  if (cap < 0) return f;
  if (cap < 1) f.sse42 = false;
  if (cap < 2) f.avx2 = f.fma = f.f16c = false;
  if (cap < 3) f.avx512 = f.avx512_vbmi = false;
  if (cap < 4) f.avx512_vnni = f.avx_vnni = false;
  if (cap < 5) f.avx512_bf16 = f.avx512_fp16 = false;
  if (cap < 6) f.amx_tile = f.amx_int8 = f.amx_bf16 = false;
  return f;
}

const CpuFeatures& cpu() {
  static const CpuFeatures features = [] {
    const char* level = std::getenv("MO_MAX_ISA");
    return capped(cpu_detected(), level ? level : "");
  }();
  return features;
}

std::string cpu_isa_name() {
  const CpuFeatures& f = cpu();
  if (f.amx_int8 || f.amx_bf16) return "amx";
  if (f.avx512_bf16) return "bf16";
  if (f.avx512_vnni || f.avx_vnni) return "vnni";
  if (f.avx512) return "avx512";
  if (f.avx2) return "avx2";
  return f.sse42 ? "sse42" : "scalar";
}

std::string cpu_name() {
#ifdef MO_X86
  uint32_t r[12];
  if (__get_cpuid_max(0x80000000, nullptr) >= 0x80000004) {
    for (uint32_t i = 0; i < 3; ++i) __get_cpuid(0x80000002 + i, &r[4 * i], &r[4 * i + 1], &r[4 * i + 2], &r[4 * i + 3]);
    char text[49] = {};
    std::memcpy(text, r, 48);
    std::string name(text);
    size_t from = name.find_first_not_of(' '), to = name.find_last_not_of(' ');
    if (from != std::string::npos) return name.substr(from, to - from + 1);
  }
#endif
  return "unknown processor";
}

int64_t l2_cache_bytes() {
  static const int64_t bytes = [] {
    long n = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
    return n > 0 ? static_cast<int64_t>(n) : int64_t{1} << 20;
  }();
  return bytes;
}

}  // namespace mo
