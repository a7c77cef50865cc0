// Packing of paired 8-bit weights and their products: the tiles of int8_gemm.h make sums, which are scaled here.
#include "kernels/cpu/panels_pairs.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "kernels/cpu/int8_columns.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "tensor/tensor.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace mo::kernels::pairs {
namespace {

using namespace int8;

constexpr int64_t k_columns = 16;
constexpr int64_t k_rows_bytes = 12 << 10;  // of rows that meet the sixteens of a panel in turn

GroupsOf groups_of(const Panels& p) { return {1, p.k, k_columns}; }
int64_t sixteens(const Panels& p) { return (p.n + k_columns - 1) / k_columns; }
int64_t panels_bytes(const Panels& p) { return sixteens(p) * p.depth() * 4 * k_columns; }

WeightView view_of(const PanelSource& s) {
  WeightView v{&s.constant, s.first / s.k, s.k, {}, 1, s.k};
  for (int64_t i = 0; i < s.k; ++i) v.offset.push_back(i);
  return v;
}

std::vector<int32_t> zeros_of(const PanelSource& s) {
  if (!s.zero) return {0};
  std::vector<int32_t> zeros;
  for (int64_t j = 0; j < s.n; ++j) zeros.push_back(static_cast<int32_t>(s.zero->integer(s.zero_first + j)));
  return zeros;
}

}  // namespace

bool suit(const PanelSource& source) { return takes_bytes(view_of(source), zeros_of(source), source.n); }

int64_t bytes_behind(const Panels& p) { return 4 * sixteens(p) * (k_columns + groups_of(p).list()); }

void pack(const Panels& p, const PanelSource& source, uint8_t* dst, int threads) {
  const GroupsOf of = groups_of(p);
  const WeightView view = view_of(source);
  const std::vector<int32_t> zeros = zeros_of(source);
  const ColumnReader reader(view);
  auto* start = reinterpret_cast<int32_t*>(dst + panels_bytes(p));
  int32_t* lists = start + sixteens(p) * k_columns;
  parallel_for(threads, sixteens(p), 1, [&](int64_t from, int64_t to) {
    std::vector<uint8_t> memory;
    for (int64_t i = from; i < to; ++i) {
      const int64_t first = i * k_columns, live = std::min(k_columns, p.n - first);
      uint8_t zero[k_columns] = {};
      for (int64_t n = 0; n < live; ++n) zero[n] = static_cast<uint8_t>(zeros[zeros.size() == 1 ? 0 : static_cast<size_t>(first + n)]);
      int32_t* sums = start + first;
      pack_groups(of, reader.read(first, live, memory), zero, false, dst + i * p.depth() * 4 * k_columns, lists + i * of.list(), sums);
      for (int64_t n = 0; n < k_columns; ++n) sums[n] *= -128;  // the zero point of rows
    }
  });
}

#ifdef __x86_64__
namespace {

// y = sums times the scales, plus the bias, for columns [at, at + width) of some rows.
MO_AVX2 void finish(const Panels& w, const float* scales, const float* bias, const int32_t* sums, int64_t at, int64_t width, int64_t rows, float* y,
                    int64_t y_stride) {
  for (int64_t i = 0; i < rows; ++i, sums += k_panel, y += y_stride) {
    const __m256 of_row = _mm256_set1_ps(scales[i]);
    for (int64_t j = 0; j < width; j += 8) {
      const __m256 scale = _mm256_mul_ps(_mm256_loadu_ps(w.scale.data() + at + j), of_row),
                   sum = _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + j)));
      if (j + 8 <= width) {
        const __m256 b = bias ? _mm256_loadu_ps(bias + at + j) : _mm256_setzero_ps();
        _mm256_storeu_ps(y + j, _mm256_fmadd_ps(sum, scale, b));
        continue;
      }
      const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(width - j)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
      const __m256 b = bias ? _mm256_maskload_ps(bias + at + j, mask) : _mm256_setzero_ps();
      _mm256_maskstore_ps(y + j, mask, _mm256_fmadd_ps(sum, scale, b));
    }
  }
}

void multiply_pairs(const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to,
                    bool falling) {
  static const std::vector<TileChoice> tiles = avx2_tiles(k_columns, true, Finish::sums);
  const auto* data = static_cast<const uint8_t*>(w.data.get());
  const auto* start = reinterpret_cast<const int32_t*>(data + panels_bytes(w));
  const int32_t* lists = start + sixteens(w) * k_columns;
  const GroupsOf of = groups_of(w);
  const int64_t chunk = std::clamp<int64_t>(k_rows_bytes / x.stride / 6 * 6, 12, k_chunk);
  alignas(64) int32_t sums[k_chunk * k_panel];
  const uint8_t* pointers[k_pointers];
  Tile t{};
  t.segments = 1;
  t.offset = k_one_segment;
  t.depth = w.depth();
  t.columns = k_columns;
  t.dst_stride = 4 * k_panel;
  for (int64_t e = from; e < to; ++e) {
    const int64_t p = falling ? from + to - 1 - e : e, at = p * k_panel, width = std::min(k_panel, w.n - at);
    for (int64_t row = 0, count; row < rows; row += count) {
      count = std::min(chunk, rows - row);
      for (int64_t i = 0; i < count + k_spare; ++i) pointers[i] = static_cast<const uint8_t*>(x.data) + (row + std::min(i, count - 1)) * x.stride;
      for (int64_t column = 0; column < width; column += k_columns) {
        const int64_t sixteen = (at + column) / k_columns;
        const int32_t* list = lists + sixteen * of.list();
        Groups groups{list + Groups::k_kinds, list + Groups::k_kinds + of.groups(), {}};
        std::copy_n(list, Groups::k_kinds, groups.count);
        t.weights = data + sixteen * of.groups() * 4 * k_columns;
        t.groups = &groups;
        t.start = start + sixteen * k_columns;
        for (int64_t first = 0; first < count; first += t.count) {
          // seven and eight rows are twice four
          const int64_t left = count - first;
          const TileChoice* tile = left == 7 || left == 8 ? &tiles[1] : &tiles[0];
          while (tile != &tiles.back() && left <= (tile + 1)->rows) ++tile;
          t.count = static_cast<int>(left <= 8 ? left : (left - 3) / tile->rows * tile->rows);
          t.rows = pointers + first;
          t.dst = reinterpret_cast<uint8_t*>(sums + first * k_panel + column);
          tile->kernel(t);
        }
      }
      finish(w, x.scale + row, bias, sums, at, width, count, y + row * y_stride + at, y_stride);
    }
  }
}

}  // namespace

MultiplyPanels multiply() { return multiply_pairs; }

#else

MultiplyPanels multiply() { fail(Code::internal, "panels of this kind want AVX2"); }

#endif

}  // namespace mo::kernels::pairs
