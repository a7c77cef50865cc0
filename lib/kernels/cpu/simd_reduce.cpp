// Sums, means, extrema over neighbouring axes, in any layout; global average pooling is one of them, 8-bit average pooling another.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/physical.h"
#include "kernels/cpu/simd_math.h"
#include "kernels/cpu/simd_quant.h"

namespace mo::kernels {
namespace {

enum class Fold { sum, squares, abs, max, min };

template <Fold f>
MO_INLINE float start() {
  if constexpr (f == Fold::max) return -std::numeric_limits<float>::infinity();
  if constexpr (f == Fold::min) return std::numeric_limits<float>::infinity();
  return 0;
}
template <Fold f>
MO_INLINE float step(float acc, float x) {
  if constexpr (f == Fold::max) return x > acc || x != x ? x : acc;
  if constexpr (f == Fold::min) return x < acc || x != x ? x : acc;
  if constexpr (f == Fold::squares) return acc + x * x;
  if constexpr (f == Fold::abs) return acc + math::abs(x);
  return acc + x;
}

constexpr int64_t k_lanes = 64;

// One row of n elements; long rows in pieces, so that rounding errors do not grow with n.
template <Fold f>
MO_INLINE float row_body(const float* x, int64_t n) {
  float lanes[k_lanes];
  for (int64_t j = 0; j < k_lanes; ++j) lanes[j] = start<f>();
  int64_t i = 0;
  for (; i + k_lanes <= n; i += k_lanes) {
#pragma omp simd
    for (int64_t j = 0; j < k_lanes; ++j) lanes[j] = step<f>(lanes[j], x[i + j]);
  }
  for (int64_t j = 0; i + j < n; ++j) lanes[j] = step<f>(lanes[j], x[i + j]);
  constexpr bool adds = f == Fold::squares || f == Fold::abs || f == Fold::sum;
  for (int64_t width = k_lanes / 2; width > 0; width /= 2)
    for (int64_t j = 0; j < width; ++j) lanes[j] = step < adds ? Fold::sum : f > (lanes[j], lanes[j + width]);
  return lanes[0];
}
MO_SIMD_TEMPLATE(row, Fold, float, (const float* x, int64_t n), (x, n))

// n rows of `width` columns, `inner` apart, folded into y.
template <Fold f>
MO_INLINE void columns_body(const float* x, float* y, int64_t n, int64_t inner, int64_t width) {
  for (int64_t j = 0; j < width; ++j) y[j] = start<f>();
  for (int64_t i = 0; i < n; ++i) {
    const float* src = x + i * inner;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) y[j] = step<f>(y[j], src[j]);
  }
}
MO_SIMD_TEMPLATE(columns, Fold, void, (const float* x, float* y, int64_t n, int64_t inner, int64_t width), (x, y, n, inner, width))

struct Functions {
  float (*row)(const float*, int64_t);
  void (*columns)(const float*, float*, int64_t, int64_t, int64_t);
};
template <Fold f>
Functions functions() {
  return {row_pick<f>(), columns_pick<f>()};
}

Prepared fold(const Fibre& f, Functions fn, float factor, bool root, int threads) {
  if (f.outer * f.n * f.inner < 1 << 15) threads = 1;
  Prepared p;
  p.detail = isa_name();
  p.run = [=](const Args& a) {
    const float* src = static_cast<const float*>(a.src[0]);
    float* dst = static_cast<float*>(a.dst[0]);
    auto finish = [&](float* y, int64_t n) {
      if (factor != 1)
        for (int64_t i = 0; i < n; ++i) y[i] *= factor;
      if (root)
        for (int64_t i = 0; i < n; ++i) y[i] = std::sqrt(y[i]);
    };
    if (f.inner == 1) {
      parallel_for(threads, f.outer, 16, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) dst[i] = fn.row(src + i * f.n, f.n);
        finish(dst + from, to - from);
      });
      return;
    }
    constexpr int64_t width = 256;
    int64_t blocks = (f.inner + width - 1) / width;
    parallel_for(threads, f.outer * blocks, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        int64_t column = i % blocks * width, o = i / blocks, count = std::min(width, f.inner - column);
        fn.columns(src + o * f.n * f.inner + column, dst + o * f.inner + column, f.n, f.inner, count);
        finish(dst + o * f.inner + column, count);
      }
    });
  };
  return p;
}

// The axes in memory order as [outer, reduced, inner]; false when they are not neighbours.
bool reduced_block(const Operand& x, const std::vector<char>& reduced, Fibre& f) {
  f = {};
  int state = 0;
  for (int a : axis_order(x.shape.size(), x.layout)) {
    if (x.shape[a] == 1) continue;
    if (reduced[a]) {
      if (state == 2) return false;
      state = 1;
      f.n *= x.shape[a];
    } else {
      if (state == 1) state = 2;
      (state == 0 ? f.outer : f.inner) *= x.shape[a];
    }
  }
  return true;
}

Offer prepare_reduce(const Request& r) {
  const Operand& x = r.in(0);
  if (x.dtype != DType::f32) return Decline{text("dtype ", name(x.dtype))};
  const int64_t rank = static_cast<int64_t>(x.shape.size());
  if (element_count(x.shape) == 0) return Decline{"empty tensor"};
  std::vector<int64_t> axes = r.node.ints("axes");
  if (r.in(1).present) {
    if (!r.in(1).constant) return Decline{"axes are not known at plan time"};
    axes = r.in(1).constant->integers();
  }
  if (axes.empty() && r.node.i("noop_with_empty_axes", 0) != 0) return Decline{"nothing is reduced"};
  std::vector<char> reduced(x.shape.size(), axes.empty());
  for (int64_t a : axes) reduced[a < 0 ? a + rank : a] = 1;
  if (x.layout == Layout::channels_last && r.out().shape.size() != x.shape.size()) return Decline{"axes vanish from a channels-last tensor"};
  Fibre f;
  if (!reduced_block(x, reduced, f)) return Decline{"reduced axes are not neighbours in memory"};
  const std::string& op = r.node.op;
  Functions fn = functions<Fold::sum>();
  float factor = 1;
  if (op == "ReduceMean") factor = 1.0f / static_cast<float>(f.n);
  if (op == "ReduceMax") fn = functions<Fold::max>();
  if (op == "ReduceMin") fn = functions<Fold::min>();
  if (op == "ReduceSumSquare" || op == "ReduceL2") fn = functions<Fold::squares>();
  if (op == "ReduceL1") fn = functions<Fold::abs>();
  Prepared p = fold(f, fn, factor, op == "ReduceL2", r.threads);
  if (r.in(1).present) p.unused_inputs = {1};
  return p;
}

Offer prepare_global(const Request& r) {
  const Operand& x = r.in(0);
  if (x.dtype != DType::f32) return Decline{text("dtype ", name(x.dtype))};
  if (x.shape.size() < 3 || element_count(x.shape) == 0) return Decline{"rank below 3 or empty"};
  std::vector<char> reduced(x.shape.size(), 1);
  reduced[0] = reduced[1] = 0;
  Fibre f;
  // channels-last with batch: [n, h w, c]; plain: [n c, h w]
  if (!reduced_block(x, reduced, f)) return Decline{"reduced axes are not neighbours in memory"};
  const bool max = r.node.op == "GlobalMaxPool";
  return fold(f, max ? functions<Fold::max>() : functions<Fold::sum>(), max ? 1.0f : 1.0f / static_cast<float>(f.n), false, r.threads);
}

// ---- mo.Pool, global average of 8-bit data: exact sums in int32
MO_INLINE void sum8_body(const uint8_t* x, int32_t* y, int64_t n, int64_t inner, int64_t width, uint8_t flip) {
  for (int64_t j = 0; j < width; ++j) y[j] = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint8_t* src = x + i * inner;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) y[j] += static_cast<uint8_t>(src[j] ^ flip);
  }
}
MO_SIMD_PLAIN(sum8, void, (const uint8_t* x, int32_t* y, int64_t n, int64_t inner, int64_t width, uint8_t flip), (x, y, n, inner, width, flip))
MO_INLINE int32_t sum8_row_body(const uint8_t* x, int64_t n, uint8_t flip) {
  int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += static_cast<uint8_t>(x[i] ^ flip);
  return sum;
}
MO_SIMD_PLAIN(sum8_row, int32_t, (const uint8_t* x, int64_t n, uint8_t flip), (x, n, flip))

Offer prepare_pool8(const Request& r) {
  const Operand &x = r.in(0), &y = r.out();
  if (r.node.s("op", "average") != "global_average") return Decline{"not a global average"};
  if (x.dtype != DType::u8 && x.dtype != DType::i8) return Decline{text("dtype ", name(x.dtype))};
  const Tensor *xs = r.in(1).constant, *xz = r.in(2).constant, *ys = r.in(3).constant, *yz = r.in(4).constant;
  if (!xs || xs->size() != 1 || (r.in(2).present && !xz) || (r.in(3).present && (!ys || ys->size() != 1)) || (r.in(4).present && !yz))
    return Decline{"scale or zero point is not one known number"};
  std::vector<char> reduced(x.shape.size(), 1);
  reduced[0] = reduced[1] = 0;
  Fibre f;
  if (element_count(x.shape) == 0 || !reduced_block(x, reduced, f) || f.n >= 1 << 23) return Decline{"reduced axes are not neighbours in memory"};
  LinearQuant qx = linear_quant(x.dtype, xs->floats()[0], xz ? static_cast<int32_t>(xz->integer()) : 0), qy;
  const bool to8 = y.dtype != DType::f32;
  if (to8) qy = linear_quant(y.dtype, ys->floats()[0], yz ? static_cast<int32_t>(yz->integer()) : 0);
  auto columns = sum8_pick();
  auto row = sum8_row_pick();
  QuantizeRow quantize = quantize_row();
  Prepared p;
  p.detail = isa_name();
  for (int i = 1; i < 5; ++i)
    if (r.in(i).constant) p.unused_inputs.push_back(i);
  p.run = [=](const Args& a) {
    const uint8_t* src = static_cast<const uint8_t*>(a.src[0]);
    constexpr int64_t width = 256;
    int32_t sums[width];
    float real[width];
    auto store = [&](int64_t at, int64_t count) {
      const float zero = qx.zero * static_cast<float>(f.n), factor = to8 ? qx.scale / (qy.scale * static_cast<float>(f.n)) : 0.0f;
      for (int64_t j = 0; j < count; ++j) {
        float sum = static_cast<float>(sums[j]) - zero;
        real[j] = to8 ? sum * factor : sum * qx.scale / static_cast<float>(f.n);  // one multiplier where the output is 8-bit
      }
      if (to8) quantize(real, static_cast<uint8_t*>(a.dst[0]) + at, count, {1.0f, qy.zero, qy.flip});
      else std::copy(real, real + count, static_cast<float*>(a.dst[0]) + at);
    };
    if (f.inner == 1) {
      for (int64_t i = 0; i < f.outer; i += width) {
        int64_t count = std::min(width, f.outer - i);
        for (int64_t j = 0; j < count; ++j) sums[j] = row(src + (i + j) * f.n, f.n, qx.flip);
        store(i, count);
      }
      return;
    }
    for (int64_t o = 0; o < f.outer; ++o)
      for (int64_t c = 0; c < f.inner; c += width) {
        int64_t count = std::min(width, f.inner - c);
        columns(src + o * f.n * f.inner + c, sums, f.n, f.inner, count, qx.flip);
        store(o * f.inner + c, count);
      }
  };
  return p;
}

}  // namespace

#define MO_REDUCE(op) extern const Candidate simd_##op{#op, "", "simd_reduce", Wish::any_same, prepare_reduce};
MO_REDUCE(ReduceSum)
MO_REDUCE(ReduceMean)
MO_REDUCE(ReduceMax)
MO_REDUCE(ReduceMin)
MO_REDUCE(ReduceSumSquare)
MO_REDUCE(ReduceL1)
MO_REDUCE(ReduceL2)
#undef MO_REDUCE
extern const Candidate simd_global_average{"GlobalAveragePool", "", "simd_reduce", Wish::any_same, prepare_global};
extern const Candidate simd_global_max{"GlobalMaxPool", "", "simd_reduce", Wish::any_same, prepare_global};
extern const Candidate simd_mo_pool{"Pool", "mo", "simd_reduce", Wish::any_same, prepare_pool8};

}  // namespace mo::kernels
