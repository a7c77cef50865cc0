// Scaled dot-product attention in double, shared by Attention and FlexAttention.
#pragma once
#include <cmath>

#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {

// Q, K or V as [batch, heads, length, width], read from 4-D data or from 3-D data with the heads packed in the last axis.
struct Heads {
  std::vector<double> data;
  int64_t batch = 0, heads = 0, length = 0, width = 0;
  bool packed = false;
  const double* row(int64_t b, int64_t h, int64_t s) const {
    return data.data() + (packed ? ((b * length + s) * heads + h) : ((b * heads + h) * length + s)) * width;
  }
};

inline Heads read_heads(const Run& c, size_t i, int64_t heads) {
  const Tensor& t = c.in(i);
  require(is_floating(t.dtype()), Code::type, "input ", i, " is ", name(t.dtype()));
  require(t.rank() == 3 || t.rank() == 4, Code::shape, "input ", i, " has shape ", t.shape(), ", wants rank 3 or 4");
  Heads h;
  h.data = doubles(t);
  h.batch = t.shape()[0];
  h.packed = t.rank() == 3;
  if (h.packed) {
    require(heads >= 1 && t.shape()[2] % heads == 0, Code::shape, "input ", i, " of shape ", t.shape(), " in ", heads, " heads");
    h.heads = heads;
    h.length = t.shape()[1];
    h.width = t.shape()[2] / heads;
  } else {
    h.heads = t.shape()[1];
    h.length = t.shape()[2];
    h.width = t.shape()[3];
  }
  return h;
}

// Softmax of one row; a row of -infinity becomes zeros.
inline void softmax_row(double* row, int64_t count) {
  double largest = -HUGE_VAL, sum = 0;
  for (int64_t j = 0; j < count; ++j) largest = std::max(largest, row[j]);
  if (largest == -HUGE_VAL) {
    std::fill(row, row + count, 0.0);
    return;
  }
  for (int64_t j = 0; j < count; ++j) sum += row[j] = std::exp(row[j] - largest);
  for (int64_t j = 0; j < count; ++j) row[j] /= sum;
}

}  // namespace mo::ops
