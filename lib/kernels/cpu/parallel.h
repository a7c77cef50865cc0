// Splits a range over the OpenMP team; one thread starts none.
#pragma once
#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace mo::kernels {

// Calls f(begin, end) over parts of [0, n) that are multiples of `grain` (the last part takes the rest). f must not throw.
template <class F>
void parallel_for(int threads, int64_t n, int64_t grain, const F& f) {
  grain = std::max<int64_t>(grain, 1);
  int64_t blocks = (n + grain - 1) / grain;
  int64_t team = std::min<int64_t>(threads, blocks);
  if (team <= 1) {
    if (n > 0) f(int64_t{0}, n);
    return;
  }
#pragma omp parallel num_threads(static_cast<int>(team))
  {
    int64_t count = omp_get_num_threads(), me = omp_get_thread_num();
    int64_t begin = blocks * me / count * grain, end = std::min(n, blocks * (me + 1) / count * grain);
    if (begin < end) f(begin, end);
  }
}

}  // namespace mo::kernels
