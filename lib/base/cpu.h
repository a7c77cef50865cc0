// What the processor can do, asked once; MO_MAX_ISA in the environment hides the newer parts, for tests and for odd machines.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mo {

// Each flag says that the instructions exist and that the system saves their registers.
struct CpuFeatures {
  bool sse42 = false, avx2 = false, fma = false, f16c = false;
  bool avx512 = false;  // F, BW, VL, DQ and CD together
  bool avx512_vnni = false, avx512_bf16 = false, avx512_fp16 = false, avx512_vbmi = false;
  bool avx_vnni = false;  // the 256-bit form, on processors with or without AVX-512
  bool amx_tile = false, amx_int8 = false, amx_bf16 = false;
};

// Levels that MO_MAX_ISA takes, each with all before it: scalar, sse42, avx2, avx512, vnni, bf16, amx. Anything else is no cap.
const CpuFeatures& cpu();
CpuFeatures cpu_detected();  // without the cap
CpuFeatures capped(const CpuFeatures& features, std::string_view level);
std::string cpu_name();      // "AMD EPYC 9655P", for reports
std::string cpu_isa_name();  // the highest level of cpu(): "vnni"
int64_t l2_cache_bytes();    // per core; a usual value when the system does not say

}  // namespace mo
