// Planes of bytes to pixels and back is a matter of shuffles: three planes by vector code.
#pragma once
#include <cstdint>

namespace mo::kernels {

void interleave3(const uint8_t* a, const uint8_t* b, const uint8_t* c, uint8_t* dst, int64_t n);  // dst = a0 b0 c0 a1 ...

}  // namespace mo::kernels
