// Products of a few rows with a constant matrix packed in panels of 64 columns: the steps of LSTM, GRU and RNN. Panels hold float32, bfloat16 pairs,
// or 8-bit integers that meet rows of 15-bit or 8-bit integers, as bytes (AVX512-VNNI, and rows of 8 bits with AVX2 where weights pair) or as words of 16 bits (AVX2).
#pragma once
#include <memory>
#include <vector>

#include "kernels/kernel.h"

namespace mo::kernels {

inline constexpr int64_t k_panel = 64;

enum class PanelKind : uint8_t { f32, bf16, i8, i8_words, i8_pairs };
inline constexpr bool eight_bits(PanelKind kind) { return kind == PanelKind::i8 || kind == PanelKind::i8_words || kind == PanelKind::i8_pairs; }
inline constexpr int64_t panel_group(PanelKind kind) { return kind == PanelKind::f32 ? 1 : kind == PanelKind::bf16 ? 2 : 4; }  // k that lie together

// Weights given as n rows of k (one row per output): panel p holds [k / group][columns][group] of the outputs p * 64 ..., where the last panel has
// as many columns as it needs, in sixteens. Paired ones: panels_pairs.h.
struct Panels {
  PanelKind kind = PanelKind::f32;
  int64_t n = 0, k = 0;
  std::shared_ptr<const void> data;
  // 8-bit: real = (q - zero) * scale with q unsigned, per column
  std::vector<float> scale;
  std::vector<int32_t> zero;
  int64_t count() const { return (n + k_panel - 1) / k_panel; }
  int64_t depth() const { return (k + panel_group(kind) - 1) / panel_group(kind); }
  int64_t columns(int64_t p) const { return p + 1 < count() ? k_panel : (n - p * k_panel + 15) / 16 * 16; }
  int64_t bytes() const;  // of data
  const void* panel(int64_t p) const;
};

// Rows of a constant: n rows of k from element `first` on. 8-bit ones: real = (q - zero) * scale, each with one entry per row (zero: or none).
struct PanelSource {
  const Tensor& constant;
  int64_t first = 0, n = 0, k = 0;
  const float* scale = nullptr;
  const Tensor* zero = nullptr;  // of the constant's dtype, one entry per row from zero_first on
  int64_t zero_first = 0;
};
// 8-bit panels want an 8-bit constant; float ones take either. Packed once for all plans that share the request's cache.
Panels pack_panels(const Request& r, const PanelSource& source, PanelKind kind);

// What these weights are best packed as on this machine, whose products meet `rows` rows at once, of 15 bits if `fine`.
PanelKind panel_kind(const Request& r, const std::vector<PanelSource>& weights, bool fine, int64_t rows);

// Rows as a product reads them: floats where they lie, else converted by pack_rows.
struct PanelRows {
  const void* data = nullptr;
  int64_t stride = 0;             // bytes
  const float* scale = nullptr;   // 8-bit panels: per row, of its integers
  const int32_t* sums = nullptr;  // 8-bit panels: two per row, of its high and of its low halves; words: one per row and section (panels_avx2.h)
  bool fine = true;               // 8-bit panels: 15-bit rows
  bool signs = false;             // words: a single row of 8 bits, as magnitudes and masks of signs instead
};
int64_t panel_rows_bytes(PanelKind kind, int64_t rows, int64_t k);
// `memory` (panel_rows_bytes, 64-byte aligned) is filled unless rows are read where they lie. `stride`: floats. `fine`: 15-bit integers instead of 8-bit ones, for
// 8-bit panels: met as bytes it costs nothing where reading the weights takes longer than multiplying, and doubles the multiplications; met as words nothing.
PanelRows pack_rows(PanelKind kind, bool fine, const float* x, int64_t stride, int64_t rows, int64_t k, void* memory, int threads);

// y[i][j] = bias[j] + sum over k of x[i][k] * w[j][k], for rows i and the outputs j of panels [from, to); bias null: 0. `falling`: last panel first,
// so that one product finds in the cache what the one before it read last.
using MultiplyPanels = void (*)(const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from,
                                int64_t to, bool falling);
MultiplyPanels multiply_panels(PanelKind kind);

}  // namespace mo::kernels
