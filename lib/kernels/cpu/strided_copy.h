// A copy between two strided views of the same shape, any element of whole bytes.
#pragma once
#include <vector>

#include "kernels/kernel.h"

namespace mo::kernels {

struct StridedCopy {
  std::vector<int64_t> dims, src, dst;  // strides in elements, outermost axis first
  int64_t src_offset = 0, dst_offset = 0;
  int bytes = 4;  // of an element: 1, 2, 4, 8

  void join();  // neighbouring axes that can be one become one; call once
  void run(const void* from, void* to, int threads) const;
};

int element_bytes(DType dtype);  // 0 when an element is not 1, 2, 4 or 8 bytes
std::vector<int64_t> dense_strides(std::span<const int64_t> dims);

}  // namespace mo::kernels
