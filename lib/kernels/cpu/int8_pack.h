// Four k at a time of 8-bit weights into the panels of int8_gemm.h.
#pragma once
#include <cstdint>
#include <vector>

namespace mo::kernels::int8 {

// One column of a panel and where its weights are.
struct Column {
  const uint8_t* from;  // its weights, at WeightView::offset
  int32_t less;         // subtracted from each as an unsigned number
  int64_t position, at;
  uint32_t sum = 0;
};

// Packs k = offset[0, length) of all columns to [k / 4][width columns][4], bytes less what each column subtracts (all differences fit 8 bits), zeros behind
// the last k, and adds them to each column's sum. `flip` turns stored bytes into unsigned numbers.
void pack_fours(const int64_t* offset, int64_t length, uint8_t flip, std::vector<Column>& columns, int64_t width, char* to);

}  // namespace mo::kernels::int8
