// Packing of panels, and the products with float32 ones.
#include "kernels/cpu/panels.h"

#include <cstdlib>
#include <cstring>

#include "base/cpu.h"
#include "base/float_types.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/panels_wide.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd.h"

namespace mo::kernels {

const void* Panels::panel(int64_t p) const {
  const int64_t element = kind == PanelKind::f32 ? 4 : kind == PanelKind::bf16 ? 2 : 1;
  return static_cast<const char*>(data.get()) + p * k_panel * depth() * panel_group(kind) * element;
}

PanelKind panel_kind(const Request& r, DType weights) {
  if (weights == DType::i8 || weights == DType::u8) return isa() >= Isa::avx512_vnni ? PanelKind::i8 : PanelKind::f32;
  return r.bf16 && isa() >= Isa::avx512 && cpu().avx512_bf16 ? PanelKind::bf16 : PanelKind::f32;
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
std::shared_ptr<const void> fill(const Panels& p, DType dtype, const Element& element) {
  const int64_t group = panel_group(p.kind), depth = p.depth(), last = p.count() - 1;
  Tensor packed = Tensor::zeros(dtype, {(last * k_panel + p.columns(last)) * depth * group});
  T* dst = packed.mutable_data<T>();
  for (int64_t j = 0; j < p.n; ++j) {
    T* to = dst + j / k_panel * k_panel * depth * group + j % k_panel * group;
    const int64_t step = p.columns(j / k_panel) * group;
    for (int64_t i = 0; i < p.k; ++i) to[i / group * step + i % group] = element(j, i);
  }
  return onednn::hold(packed);
}

}  // namespace

Panels pack_panels(const Request& r, const PanelSource& s, PanelKind kind) {
  Panels p{kind, s.n, s.k, nullptr, {}, {}};
  const Reader reader(s);
  const bool eight = s.constant.dtype() != DType::f32;
  if (kind == PanelKind::i8) {
    p.scale.assign(static_cast<size_t>(p.count() * k_panel), 0);
    p.zero.assign(p.scale.size(), 0);
    for (int64_t j = 0; j < s.n; ++j) {
      p.scale[static_cast<size_t>(j)] = s.scale[j];
      p.zero[static_cast<size_t>(j)] = reader.zero(j);
    }
  }
  auto make = [&]() -> std::shared_ptr<const void> {
    switch (kind) {
      case PanelKind::i8: return fill<uint8_t>(p, DType::u8, [&](int64_t j, int64_t i) { return static_cast<uint8_t>(reader.byte(j, i)); });
      case PanelKind::bf16: return fill<uint16_t>(p, DType::u16, [&](int64_t j, int64_t i) { return to_bfloat16(reader.real(j, i)).bits; });
      default: return fill<float>(p, DType::f32, [&](int64_t j, int64_t i) { return reader.real(j, i); });
    }
  };
  if (!r.packs) {
    p.data = make();
    return p;
  }
  std::string key = text("panels ", static_cast<int>(kind), " ", onednn::constant_key(r, s.constant), " ", s.first, " ", s.n, " ", s.k);
  if (eight && kind != PanelKind::i8) {
    key.append(reinterpret_cast<const char*>(s.scale), static_cast<size_t>(s.n) * sizeof(float));
    for (int64_t j = 0; j < s.n; ++j) key += text(" ", reader.zero(j));
  }
  p.data = r.packs->get(key, make);
  return p;
}

namespace {

// 16 floats; the compiler splits them where registers are narrower.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));

template <int rows, int Z>
MO_INLINE void block(const float* w, int64_t k, const float* x, int64_t x_stride, const float* bias, float* y, int64_t y_stride, int64_t width) {
  Lanes acc[rows][Z], even[rows == 1 ? Z : 1] = {};
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Z; ++j) acc[i][j] = Lanes{};
  int64_t p = 0;
  if constexpr (rows == 1) {  // two sums of each column, so that additions do not wait for one another
    for (; p + 2 <= k; p += 2, w += 2 * 16 * Z) {
      const float a = x[p], b = x[p + 1];
#pragma GCC unroll 4
      for (int j = 0; j < Z; ++j) {
        acc[0][j] += *reinterpret_cast<const Lanes*>(w + 16 * j) * a;
        even[j] += *reinterpret_cast<const Lanes*>(w + 16 * (Z + j)) * b;
      }
    }
  }
  for (; p < k; ++p, w += 16 * Z) {
    Lanes v[Z];
#pragma GCC unroll 4
    for (int j = 0; j < Z; ++j) v[j] = *reinterpret_cast<const Lanes*>(w + 16 * j);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
      const float a = x[i * x_stride + p];
#pragma GCC unroll 4
      for (int j = 0; j < Z; ++j) acc[i][j] += v[j] * a;
    }
  }
  if constexpr (rows == 1)
#pragma GCC unroll 4
    for (int j = 0; j < Z; ++j) acc[0][j] += even[j];
  // through memory, so that the compiler keeps the sums in registers until here
  float edge[rows][16 * Z];
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Z; ++j) *reinterpret_cast<Lanes*>(edge[i] + 16 * j) = acc[i][j];
  for (int i = 0; i < rows; ++i) {
    if (bias)
      for (int64_t j = 0; j < width; ++j) y[i * y_stride + j] = edge[i][j] + bias[j];
    else
      for (int64_t j = 0; j < width; ++j) y[i * y_stride + j] = edge[i][j];
  }
}

template <int rows>
MO_INLINE void panel(const Panels& w, int64_t p, const float* x, int64_t x_stride, const float* bias, float* y, int64_t y_stride) {
  const float* data = static_cast<const float*>(w.data.get()) + p * w.k * k_panel;
  const int64_t width = w.n - p * k_panel < k_panel ? w.n - p * k_panel : k_panel;
  if (width > 48) block<rows, 4>(data, w.k, x, x_stride, bias, y, y_stride, width);
  else if (width > 32) block<rows, 3>(data, w.k, x, x_stride, bias, y, y_stride, width);
  else if (width > 16) block<rows, 2>(data, w.k, x, x_stride, bias, y, y_stride, width);
  else block<rows, 1>(data, w.k, x, x_stride, bias, y, y_stride, width);
}

template <bool many>  // registers for several rows at once
MO_INLINE void multiply(const Panels& w, const PanelRows& rows_of, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from,
                        int64_t to, bool falling) {
  const float* x = static_cast<const float*>(rows_of.data);
  const int64_t stride = rows_of.stride / static_cast<int64_t>(sizeof(float));
  for (int64_t e = from; e < to; ++e) {
    const int64_t p = falling ? from + to - 1 - e : e;
    const float* b = bias ? bias + p * k_panel : nullptr;
    float* at = y + p * k_panel;
    int64_t i = 0;
    if constexpr (many) {
      for (; i + 4 <= rows; i += 4) panel<4>(w, p, x + i * stride, stride, b, at + i * y_stride, y_stride);
      if (i + 2 <= rows) panel<2>(w, p, x + i * stride, stride, b, at + i * y_stride, y_stride), i += 2;
    }
    for (; i < rows; ++i) panel<1>(w, p, x + i * stride, stride, b, at + i * y_stride, y_stride);
  }
}

#define MO_PARAMETERS \
  (const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int64_t from, int64_t to, bool falling)
#define MO_ARGUMENTS (w, x, bias, y, y_stride, rows, from, to, falling)
void multiply_scalar MO_PARAMETERS { multiply<false> MO_ARGUMENTS; }
MO_AVX2 void multiply_avx2 MO_PARAMETERS { multiply<false> MO_ARGUMENTS; }
MO_AVX512 void multiply_avx512 MO_PARAMETERS { multiply<true> MO_ARGUMENTS; }
#undef MO_PARAMETERS
#undef MO_ARGUMENTS

// What lies behind the bytes of 8-bit rows: scales and sums.
int64_t converted_stride(PanelKind kind, int64_t k) {
  return (kind == PanelKind::i8 ? 2 : 1) * ((k + 63) / 64 * 64) * (kind == PanelKind::i8 ? 1 : 2);
}

}  // namespace

MultiplyPanels multiply_panels(PanelKind kind) {
  if (kind == PanelKind::f32) return pick(multiply_scalar, multiply_avx2, multiply_avx512);
  return wide::multiply(kind);
}

int64_t panel_rows_bytes(PanelKind kind, int64_t rows, int64_t k) {
  return kind == PanelKind::f32 ? 0 : rows * converted_stride(kind, k) + (rows * 12 + 63) / 64 * 64;
}

PanelRows pack_rows(PanelKind kind, bool fine, const float* x, int64_t stride, int64_t rows, int64_t k, void* memory, int threads) {
  if (kind == PanelKind::f32) return {x, stride * static_cast<int64_t>(sizeof(float)), nullptr, nullptr, true};
  const int64_t bytes = converted_stride(kind, k) / (kind == PanelKind::i8 && !fine ? 2 : 1);
  auto* data = static_cast<uint8_t*>(memory);
  auto* scale = reinterpret_cast<float*>(data + rows * bytes);
  auto* sums = reinterpret_cast<int32_t*>(scale + rows);
  parallel_for(rows * k >= 1 << 16 ? threads : 1, rows, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      if (kind == PanelKind::bf16) wide::to_bf16(x + i * stride, k, data + i * bytes, bytes);
      else wide::to_bytes(x + i * stride, k, fine, data + i * bytes, bytes, scale + i, sums + 2 * i);
    }
  });
  return {data, bytes, scale, sums, fine};
}

}  // namespace mo::kernels
