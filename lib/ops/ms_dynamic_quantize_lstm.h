// DynamicQuantizeLSTM's weights and their parameters as mo.LSTM takes them.
#pragma once
#include "tensor/tensor.h"

namespace mo::ops {

Tensor turned_weights(const Tensor& q);  // 8 bits, [d, k, n] to [d, n, k]
// One entry per direction, or for all, to one per row.
Tensor spread_parameters(const Tensor& t, int64_t directions, int64_t rows);

}  // namespace mo::ops
