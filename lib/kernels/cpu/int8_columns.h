// 8-bit weights as they are packed: 16 columns beside each other, a row of 16 bytes for every k.
#pragma once
#include <vector>

#include "kernels/cpu/int8_gemm.h"

namespace mo::kernels::int8 {

struct ColumnRows {
  const uint8_t* from;
  const int64_t* offset;  // null: rows of consecutive k
  int64_t base, step;
  const uint8_t* row(int64_t k) const { return from + step * (offset ? offset[k] - base : k); }
};

// Reads columns of a view in sixteens: where they lie, from a copy that is transposed at once, or one by one.
class ColumnReader {
 public:
  explicit ColumnReader(const WeightView& view);
  // Columns first .. first + count, zeros behind them; `memory` holds what is copied.
  ColumnRows read(int64_t first, int64_t count, std::vector<uint8_t>& memory) const;

 private:
  const WeightView& view_;
  int64_t low_, span_;  // all bytes of a column that any k lies in
};

// Numbers i of 16 columns of `span` bytes, `stride` apart, go to dst[16 * i].
void transpose_columns(const uint8_t* src, int64_t stride, int64_t span, int64_t count, uint8_t* dst);

}  // namespace mo::kernels::int8
