// Which instruction set own kernels use on this machine.
#include "kernels/cpu/simd.h"

#include <algorithm>
#include <atomic>

namespace mo::kernels {
namespace {

Isa best() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::scalar;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  if (!wide) return Isa::avx2;
  return __builtin_cpu_supports("avx512vnni") ? Isa::avx512_vnni : Isa::avx512;
}

std::atomic<Isa> g_limit{Isa::avx512_vnni};

}  // namespace

Isa isa() {
  static const Isa found = best();
  return std::min(found, g_limit.load(std::memory_order_relaxed));
}

bool has_vbmi() { return isa() >= Isa::avx512 && __builtin_cpu_supports("avx512vbmi"); }

void limit_isa(Isa most) { g_limit.store(most, std::memory_order_relaxed); }

const char* isa_name() {
  switch (isa()) {
    case Isa::scalar: return "scalar";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::avx512_vnni: return "avx512_vnni";
  }
  return "scalar";
}

}  // namespace mo::kernels
