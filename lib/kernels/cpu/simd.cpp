// Which instruction set own kernels use on this machine.
#include "kernels/cpu/simd.h"

#include <algorithm>
#include <atomic>

#include "base/cpu.h"

namespace mo::kernels {
namespace {

Isa best() {
  const CpuFeatures& c = cpu();
  if (!c.avx2 || !c.fma) return Isa::scalar;
  if (!c.avx512) return Isa::avx2;
  return c.avx512_vnni ? Isa::avx512_vnni : Isa::avx512;
}

std::atomic<Isa> g_limit{Isa::avx512_vnni};

}  // namespace

Isa isa() {
  static const Isa found = best();
  return std::min(found, g_limit.load(std::memory_order_relaxed));
}

bool has_vbmi() { return isa() >= Isa::avx512 && cpu().avx512_vbmi; }

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
