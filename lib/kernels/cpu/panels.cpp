// Packing of panels, and the products with float32 ones.
#include "kernels/cpu/panels.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/cpu.h"
#include "base/float_types.h"
#include "base/lasting_memory.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/panels_avx2.h"
#include "kernels/cpu/panels_pairs.h"
#include "kernels/cpu/panels_wide.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/vectors.h"

namespace mo::kernels {

namespace {
int64_t element_bytes(PanelKind kind) { return kind == PanelKind::f32 ? 4 : kind == PanelKind::bf16 ? 2 : 1; }

// What AVX2 reads lies in sixteens of columns within a panel, one after the other, so that a block of columns fits the first-level cache: at the distance of whole rows its
// lines would share a quarter of the places there.
bool in_sixteens(PanelKind kind) { return kind == PanelKind::i8_words || (kind == PanelKind::f32 && isa() == Isa::avx2); }
}  // namespace

int64_t Panels::bytes() const {
  const int64_t panels = ((count() - 1) * k_panel + columns(count() - 1)) * depth() * panel_group(kind) * element_bytes(kind);
  return kind == PanelKind::i8_pairs ? panels + pairs::bytes_behind(*this) : panels;
}

const void* Panels::panel(int64_t p) const {
  return static_cast<const char*>(data.get()) + p * k_panel * depth() * panel_group(kind) * element_bytes(kind);
}

PanelKind panel_kind(const Request& r, const std::vector<PanelSource>& weights, bool fine, int64_t rows) {
  if (weights[0].constant.dtype() == DType::f32) return r.bf16 && isa() >= Isa::avx512 && cpu().avx512_bf16 ? PanelKind::bf16 : PanelKind::f32;
  if (isa() >= Isa::avx512_vnni) return PanelKind::i8;
  if (isa() < Isa::avx2) return PanelKind::f32;
  // a single row takes as long as reading the weights, in whatever form
  return !fine && rows > 1 && std::all_of(weights.begin(), weights.end(), pairs::suit) ? PanelKind::i8_pairs : PanelKind::i8_words;
}

namespace {

// Element (row, i) of the source as a real number, or as an unsigned byte.
struct Reader {
  const PanelSource& s;
  const uint8_t* bytes;
  const float* floats;
  int32_t flip;  // turns the bytes of int8 into unsigned ones

  explicit Reader(const PanelSource& source)
      : s(source),
        bytes(static_cast<const uint8_t*>(source.constant.raw()) + source.first),
        floats(static_cast<const float*>(source.constant.raw()) + source.first),
        flip(source.constant.dtype() == DType::i8 ? 128 : 0) {}

  int32_t byte(int64_t row, int64_t i) const { return (bytes[row * s.k + i] + flip) & 255; }
  int32_t zero(int64_t row) const { return flip + (s.zero ? static_cast<int32_t>(s.zero->integer(s.zero_first + row)) : 0); }
  float real(int64_t row, int64_t i) const {
    if (s.constant.dtype() == DType::f32) return floats[row * s.k + i];
    return static_cast<float>(byte(row, i) - zero(row)) * s.scale[row];
  }
};

template <class T, class Element>
Pack fill(const Panels& p, const Element& element) {
  const int64_t group = panel_group(p.kind), depth = p.depth();
  std::shared_ptr<void> packed = lasting_memory(p.bytes());
  T* dst = static_cast<T*>(packed.get());
  for (int64_t j = 0; j < p.n; ++j) {
    const bool sixteens = in_sixteens(p.kind);
    T* to = sixteens ? dst + j / 16 * 16 * depth * group + j % 16 * group : dst + j / k_panel * k_panel * depth * group + j % k_panel * group;
    const int64_t step = (sixteens ? 16 : p.columns(j / k_panel)) * group;
    for (int64_t i = 0; i < p.k; ++i) to[i / group * step + i % group] = element(j, i);
  }
  return packed;
}

}  // namespace

Panels pack_panels(const Request& r, const PanelSource& s, PanelKind kind) {
  Panels p{kind, s.n, s.k, nullptr, {}, {}};
  const Reader reader(s);
  const bool eight = s.constant.dtype() != DType::f32;
  if (eight_bits(kind)) {
    p.scale.assign(static_cast<size_t>(p.count() * k_panel), 0);
    p.zero.assign(p.scale.size(), 0);
    for (int64_t j = 0; j < s.n; ++j) {
      p.scale[static_cast<size_t>(j)] = s.scale[j];
      p.zero[static_cast<size_t>(j)] = reader.zero(j);
    }
  }
  auto make = [&]() -> Pack {
    switch (kind) {
      case PanelKind::i8:
      case PanelKind::i8_words: return fill<uint8_t>(p, [&](int64_t j, int64_t i) { return static_cast<uint8_t>(reader.byte(j, i)); });
      case PanelKind::i8_pairs: {
        std::shared_ptr<void> packed = lasting_memory(p.bytes());
        pairs::pack(p, s, static_cast<uint8_t*>(packed.get()), r.threads);
        return packed;
      }
      case PanelKind::bf16: return fill<uint16_t>(p, [&](int64_t j, int64_t i) { return to_bfloat16(reader.real(j, i)).bits; });
      default: return fill<float>(p, [&](int64_t j, int64_t i) { return reader.real(j, i); });
    }
  };
  std::string how = text(kind == PanelKind::i8_pairs ? "pairs "
                         : in_sixteens(kind)         ? "sixteens "
                                                     : "panels ",
                         static_cast<int>(kind), " ", s.first, " ", s.n, " ", s.k, " ");
  if (kind == PanelKind::i8_pairs)
    for (int64_t j = 0; j < s.n; ++j) how += text(reader.zero(j), " ");
  if (eight && !eight_bits(kind)) {
    how.append(reinterpret_cast<const char*>(s.scale), static_cast<size_t>(s.n) * sizeof(float));
    for (int64_t j = 0; j < s.n; ++j) how += text(" ", reader.zero(j));
  }
  p.data = r.packed(s.constant, std::move(how), p.bytes(), make);
  return p;
}

namespace {

// `width` of at most `vectors` times `lanes` columns of a panel whose k lie w_step apart and its sixteens of columns `part`.
template <int lanes, int rows, int vectors>
MO_INLINE void block(const float* w, int64_t w_step, int64_t part, int64_t k, const float* x, int64_t x_stride, const float* bias, float* y,
                     int64_t y_stride, int64_t width) {
  using V = Floats<lanes>;
  auto at = [part](const float* row, int j) { return reinterpret_cast<const V*>(row + j * lanes / 16 * part + j * lanes % 16); };
  constexpr bool twice = rows == 1 && vectors <= 4;  // two sums of each column, so that additions do not wait for one another
  V acc[rows][vectors], even[twice ? vectors : 1] = {};
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) acc[i][j] = V{};
  int64_t p = 0;
  if constexpr (twice) {
    for (; p + 2 <= k; p += 2, w += 2 * w_step) {
      const float a = x[p], b = x[p + 1];
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) {
        acc[0][j] += *at(w, j) * a;
        even[j] += *at(w + w_step, j) * b;
      }
    }
  }
  for (; p < k; ++p, w += w_step) {
    V v[vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) v[j] = *at(w, j);
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i) {
      const float a = x[i * x_stride + p];
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) acc[i][j] += v[j] * a;
    }
  }
  if constexpr (twice)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) acc[0][j] += even[j];
  // through memory, so that the compiler keeps the sums in registers until here
  float edge[rows][lanes * vectors];
#pragma GCC unroll 6
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) *reinterpret_cast<V*>(edge[i] + lanes * j) = acc[i][j];
  for (int i = 0; i < rows; ++i) {
    if (bias)
      for (int64_t j = 0; j < width; ++j) y[i * y_stride + j] = edge[i][j] + bias[j];
    else
      for (int64_t j = 0; j < width; ++j) y[i * y_stride + j] = edge[i][j];
  }
}

// All columns of panel p, at most `sixteens` times 16 at a time.
template <int lanes, int rows, int sixteens>
MO_INLINE void panel(const Panels& w, int64_t p, const float* x, int64_t x_stride, const float* bias, float* y, int64_t y_stride) {
  const float* data = static_cast<const float*>(w.panel(p));
  const int64_t step = w.columns(p), live = w.n - p * k_panel;
  const int64_t next = lanes == 8 ? 16 : step, part = lanes == 8 ? 16 * w.k : 16;
#define MO_BLOCK(z)                                                                                                                     \
  if constexpr (z <= sixteens)                                                                                                          \
  block<lanes, rows, z * 16 / lanes>(data + at / 16 * part, next, part, w.k, x, x_stride, bias ? bias + at : nullptr, y + at, y_stride, \
                                     std::min<int64_t>(live - at, 16 * z))
  for (int64_t at = 0; at < step; at += 16 * sixteens) switch (std::min<int64_t>((step - at) / 16, sixteens)) {
      case 4: MO_BLOCK(4); break;
      case 3: MO_BLOCK(3); break;
      case 2: MO_BLOCK(2); break;
      default: MO_BLOCK(1);
    }
#undef MO_BLOCK
}

// As many rows and columns at a time as leave the sums in the registers of the target.
template <int lanes>
MO_INLINE void multiply(const Panels& w, const PanelRows& rows_of, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from,
                        int64_t to, bool falling) {
  const float* x = static_cast<const float*>(rows_of.data);
  const int64_t stride = rows_of.stride / static_cast<int64_t>(sizeof(float));
  for (int64_t e = from; e < to; ++e) {
    const int64_t p = falling ? from + to - 1 - e : e;
    const float* b = bias ? bias + p * k_panel : nullptr;
    float* at = y + p * k_panel;
    int64_t i = 0;
#define MO_ROWS(m, sixteens) panel<lanes, m, sixteens>(w, p, x + i * stride, stride, b, at + i * y_stride, y_stride), i += m
    if constexpr (lanes == 16) {
      while (i + 4 <= rows) MO_ROWS(4, 4);
      if (i + 2 <= rows) MO_ROWS(2, 4);
      while (i < rows) MO_ROWS(1, 4);
    } else if constexpr (lanes == 8) {
      // 6 or 4 rows keep the multipliers busy, 2 do not: eight rows are twice four
      while (rows - i == 6 || rows - i > 8) MO_ROWS(6, 1);
      while (i + 4 <= rows) MO_ROWS(4, 1);
      if (i + 3 <= rows) MO_ROWS(3, 2);
      if (i + 2 <= rows) MO_ROWS(2, 2);
      while (i < rows) MO_ROWS(1, 4);
    } else {
      while (i < rows) MO_ROWS(1, 1);
    }
#undef MO_ROWS
  }
}

#define MO_PARAMETERS \
  (const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to, bool falling)
#define MO_ARGUMENTS (w, x, bias, y, y_stride, rows, from, to, falling)
void multiply_scalar MO_PARAMETERS { multiply<4> MO_ARGUMENTS; }
MO_AVX2 void multiply_avx2 MO_PARAMETERS { multiply<8> MO_ARGUMENTS; }
MO_AVX512 void multiply_avx512 MO_PARAMETERS { multiply<16> MO_ARGUMENTS; }
#undef MO_PARAMETERS
#undef MO_ARGUMENTS

// Bytes of a converted row: two per element, as bfloat16, as words, or as high and low bytes.
int64_t converted_stride(int64_t k) { return 2 * ((k + 63) / 64 * 64); }

// Sums behind the scales that lie behind 8-bit rows, per row.
int64_t sums_per_row(PanelKind kind, int64_t k) { return kind == PanelKind::i8_words ? words::panel_sums(k) : 2; }

}  // namespace

MultiplyPanels multiply_panels(PanelKind kind) {
  if (kind == PanelKind::f32) return pick(multiply_scalar, multiply_avx2, multiply_avx512);
  if (kind == PanelKind::i8_pairs) return pairs::multiply();
  return kind == PanelKind::i8_words ? words::multiply() : wide::multiply(kind);
}

int64_t panel_rows_bytes(PanelKind kind, int64_t rows, int64_t k) {
  return kind == PanelKind::f32 ? 0 : rows * converted_stride(k) + (rows * 4 * (1 + sums_per_row(kind, k)) + 63) / 64 * 64;
}

PanelRows pack_rows(PanelKind kind, bool fine, const float* x, int64_t stride, int64_t rows, int64_t k, void* memory, int threads) {
  if (kind == PanelKind::f32) return {x, stride * static_cast<int64_t>(sizeof(float)), nullptr, nullptr, true};
  const int64_t bytes = converted_stride(k) / ((kind == PanelKind::i8 && !fine) || kind == PanelKind::i8_pairs ? 2 : 1),
                sums_each = sums_per_row(kind, k);
  auto* data = static_cast<uint8_t*>(memory);
  auto* scale = reinterpret_cast<float*>(data + rows * bytes);
  auto* sums = reinterpret_cast<int32_t*>(scale + rows);
  if (kind == PanelKind::i8_words && !fine && rows == 1) {
    words::to_signs(x, k, data, bytes / 2, scale, sums);
    return {data, bytes, scale, sums, fine, true};
  }
  parallel_for(rows * k >= 1 << 16 ? threads : 1, rows, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      uint8_t* row = data + i * bytes;
      switch (kind) {
        case PanelKind::bf16: wide::to_bf16(x + i * stride, k, row, bytes); break;
        case PanelKind::i8_pairs: pairs::to_bytes(x + i * stride, k, row, bytes, scale + i); break;
        case PanelKind::i8_words:
          words::to_words(x + i * stride, k, fine, reinterpret_cast<int16_t*>(row), bytes / 2, scale + i, sums + i * sums_each);
          break;
        default: wide::to_bytes(x + i * stride, k, fine, row, bytes, scale + i, sums + i * sums_each);
      }
    }
  });
  return {data, bytes, scale, sums, fine};
}

}  // namespace mo::kernels
