// The library's parallel loop as kernels call it: threads first, range from 0.
#pragma once
#include <cstdint>

#include "base/threads.h"

namespace mo::kernels {

// Calls f(begin, end) over parts of [0, n) that are multiples of `grain`; one thread starts none.
template <class F>
void parallel_for(int threads, int64_t n, int64_t grain, const F& f) {
  mo::parallel_for(int64_t{0}, n, grain, threads, f);
}

}  // namespace mo::kernels
