// Products of a few rows with a constant matrix packed in panels of 64 columns: the recurrent step of LSTM and GRU.
#pragma once
#include <memory>

#include "kernels/kernel.h"

namespace mo::kernels {

inline constexpr int64_t k_panel = 64;

// Weights given as n rows of k (one row per output): panel p holds [k][64] of the outputs p * 64 ..., zero beyond n.
struct Panels {
  int64_t n = 0, k = 0;
  std::shared_ptr<const void> data;
  int64_t count() const { return (n + k_panel - 1) / k_panel; }
};
// `constant` is where the rows come from, for the pack cache; `rows` points into it.
Panels pack_panels(const Request& r, const Tensor& constant, const float* rows, int64_t n, int64_t k);

// y[i][j] += sum over k of x[i][k] * w[j][k], for rows i and the outputs j of panels [from, to).
using MultiplyPanels = void (*)(const Panels& w, const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t rows, int64_t from,
                                int64_t to);
MultiplyPanels multiply_panels();

}  // namespace mo::kernels
