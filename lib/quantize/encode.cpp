// Matrices to codes: levels of a form, scales from ranges, rounding to nearest.
#include <algorithm>
#include <cmath>

#include "base/clones.h"
#include "base/threads.h"
#include "quantize/matrix.h"

namespace mo::quantize {

Levels levels(const WeightForm& form) {
  if (form.dtype == DType::f8e4m3fn) return {-448, 448, 0};
  if (form.dtype == DType::f8e5m2) return {-57344, 57344, 0};
  float half = static_cast<float>(1 << (form.bits - 1));
  if (!info(form.dtype).is_signed) return {0, 2 * half - 1, half};
  // Narrow symmetric grids cannot spare a level; wide ones leave out the lowest, so that no product of two extremes is asymmetric.
  return {form.symmetric && form.bits > 4 ? 1 - half : -half, half - 1, 0};
}

namespace {

struct Extremes {
  float low = 0, high = 0;
};

// scale and zero of [low, high], which holds 0.
void scale_from(Extremes e, const WeightForm& form, float& scale, float& zero) {
  Levels l = levels(form);
  if (form.symmetric) {
    zero = l.middle;
    scale = std::max(e.high / (l.high - l.middle), l.middle > l.low ? e.low / (l.low - l.middle) : 0);
  } else {
    scale = (e.high - e.low) / (l.high - l.low);
    zero = scale > 0 ? std::clamp(std::nearbyint(l.low - e.low / scale), l.low, l.high) : l.middle;
  }
  if (!(scale >= 1e-30f)) scale = 1, zero = form.symmetric ? l.middle : std::clamp(0.0f, l.low, l.high);
}

// Half to even for |x| < 2^22 without a library call, so that loops become vectors.
inline float round_even(float x) {
  constexpr float k_magic = 12582912.0f;  // 1.5 * 2^23
  return (x + k_magic) - k_magic;
}

MO_CLONES float run_error(const float* w, int64_t n, float low, float high, float scale, const float* importance) {
  constexpr int k_lanes = 16;
  float sum[k_lanes] = {}, inverse = 1 / scale;
  int64_t body = n / k_lanes * k_lanes;
  for (int64_t i = 0; i < body; i += k_lanes)
    for (int k = 0; k < k_lanes; ++k) {
      float v = w[i + k] * inverse;
      v = v < low ? low : v;
      v = v > high ? high : v;
      float d = w[i + k] - round_even(v) * scale;
      sum[k] += importance ? d * d * importance[i + k] : d * d;
    }
  float total = 0;
  for (float s : sum) total += s;
  for (int64_t i = body; i < n; ++i) {
    float d = w[i] - round_even(std::min(std::max(w[i] * inverse, low), high)) * scale;
    total += d * d * (importance ? importance[i] : 1);
  }
  return total;
}

double block_error(const float* w, int64_t n, const Levels& l, float scale, float zero, const float* importance) {
  double error = 0;
  constexpr int64_t k_run = 1024;
  for (int64_t at = 0; at < n; at += k_run)
    error += run_error(w + at, std::min(k_run, n - at), l.low - zero, l.high - zero, scale, importance ? importance + at : nullptr);
  return error;
}

// Half-quadratic quantization (Badri & Shaji 2023): the zero point that leaves the sparsest error, |w - deq|^0.7, found by alternating a
// shrinkage of the error with the mean that fits it; then the zero point is rounded and the scale refitted.
void half_quadratic(const float* w, int64_t n, const WeightForm& form, float& scale, float& zero) {
  constexpr float k_p = 0.7f;
  constexpr int k_rounds = 20;
  Levels l = levels(form);
  float z = zero, beta = 10, best_z = zero;
  double best = INFINITY;
  float unit = scale;
  for (int round = 0; round < k_rounds; ++round) {
    double fit = 0, error = 0;
    for (int64_t i = 0; i < n; ++i) {
      float q = std::min(std::max(std::nearbyint(w[i] / unit + z), l.low), l.high);
      float d = (w[i] - (q - z) * unit) / unit;  // error in steps: the method is then the same at every scale of weights
      float size = std::abs(d);
      error += std::pow(size, k_p);
      float shrunk = size > 0 ? std::copysign(std::max(0.0f, size - std::pow(size, k_p - 1) / beta), d) : 0;
      fit += q - (w[i] / unit - shrunk);
    }
    if (error < best) best = error, best_z = z;
    else break;
    z = static_cast<float>(fit / static_cast<double>(n));
    beta *= 1.01f;
  }
  if (!form.symmetric) zero = std::clamp(std::nearbyint(best_z), l.low, l.high);
  for (int round = 0; round < 4; ++round) {
    double above = 0, below = 0;
    for (int64_t i = 0; i < n; ++i) {
      float q = std::min(std::max(std::nearbyint(w[i] / scale) + zero, l.low), l.high) - zero;
      above += static_cast<double>(q) * w[i], below += static_cast<double>(q) * q;
    }
    if (below <= 0 || above <= 0) break;
    scale = static_cast<float>(above / below);
  }
}

}  // namespace

void choose_block(const float* w, int64_t n, const WeightForm& form, const float* importance, float& scale, float& zero) {
  Extremes e;
  for (int64_t i = 0; i < n; ++i) e.low = std::min(e.low, w[i]), e.high = std::max(e.high, w[i]);
  scale_from(e, form, scale, zero);
  if ((e.low == 0 && e.high == 0) || form.range == "minmax" || is_floating(form.dtype)) return;
  Levels l = levels(form);
  if (form.range == "hqq") {
    float s = scale, z = zero;
    half_quadratic(w, n, form, s, z);
    if (block_error(w, n, l, s, z, importance) <= block_error(w, n, l, scale, zero, importance) * 1.02) scale = s, zero = z;
    return;
  }
  double best = block_error(w, n, l, scale, zero, importance);
  int steps = form.bits <= 4 ? 24 : 12;
  float floor = form.bits <= 4 ? 0.5f : 0.8f;
  for (int i = 1; i <= steps; ++i) {
    float part = 1 - (1 - floor) * static_cast<float>(i) / static_cast<float>(steps), s, z;
    scale_from({e.low * part, e.high * part}, form, s, z);
    double error = block_error(w, n, l, s, z, importance);
    if (error < best) best = error, scale = s, zero = z;
  }
}

namespace {

// work(row, first column, columns, index of scale and zero) for every block; rows are dealt out to threads.
template <class Work>
void each_block(const Codes& codes, const Work& work) {
  parallel_for(int64_t{0}, codes.q.rows, rows_at_once(codes.q.cols), available_threads(), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r)
      for (int64_t b = 0; b < codes.blocks; ++b)
        work(r, b * codes.block, std::min(codes.block, codes.q.cols - b * codes.block), static_cast<size_t>(r * codes.blocks + b));
  });
}

}  // namespace

void choose_ranges(const Matrix& weights, const WeightForm& form, const InputMoments* moments, Codes& codes) {
  std::vector<std::vector<float>> importance;  // per group: mean square of each input
  if (moments && form.range == "mse")
    for (const auto& gram : moments->gram) {
      auto& d = importance.emplace_back();
      for (int64_t c = 0; c < weights.cols; ++c)
        d.push_back(gram[static_cast<size_t>(c * weights.cols + c)] / static_cast<float>(std::max(1.0, moments->rows)));
    }
  each_block(codes, [&](int64_t r, int64_t from, int64_t n, size_t at) {
    const float* weight_of =
        importance.empty() ? nullptr : importance[static_cast<size_t>(r * static_cast<int64_t>(importance.size()) / weights.rows)].data() + from;
    choose_block(weights.row(r) + from, n, form, weight_of, codes.scale[at], codes.zero[at]);
  });
}

void round_nearest(const Matrix& weights, const WeightForm& form, Codes& codes) {
  Levels l = levels(form);
  bool floating = is_floating(form.dtype);
  each_block(codes, [&](int64_t r, int64_t from, int64_t n, size_t at) {
    const float* w = weights.row(r) + from;
    const float scale = codes.scale[at], zero = codes.zero[at];
    float* q = codes.q.row(r) + from;
    if (floating)
      for (int64_t i = 0; i < n; ++i) q[i] = std::clamp(w[i] / scale, l.low, l.high);
    else  // first to where half to even needs no library call
      for (int64_t i = 0; i < n; ++i)
        q[i] = std::clamp(round_even(std::clamp(w[i] / scale, l.low - zero - 1, l.high - zero + 1)) + zero, l.low, l.high);
  });
}

Codes encode(const Matrix& weights, const WeightForm& form, std::span<const float> min_scale, const InputMoments* moments) {
  Codes codes;
  codes.q = {weights.rows, weights.cols, RawVector<float>(weights.values.size())};
  codes.block = form.block > 0 ? std::min(form.block, std::max<int64_t>(1, weights.cols)) : std::max<int64_t>(1, weights.cols);
  codes.blocks = std::max<int64_t>(1, (weights.cols + codes.block - 1) / codes.block);
  auto count = static_cast<size_t>(weights.rows * codes.blocks);
  codes.scale.assign(count, 1), codes.zero.assign(count, levels(form).middle);
  if (moments && (moments->cols != weights.cols || moments->rows <= 0)) moments = nullptr;
  bool given = !form.scale.empty();
  if (given) {
    require(form.scale.size() == count, Code::invalid_argument, "the scheme gives ", form.scale.size(), " scales, wants ", count);
    require(form.zero_point.empty() || form.zero_point.size() == count, Code::invalid_argument, "the scheme gives ", form.zero_point.size(),
            " zero points, wants ", count);
    codes.scale = form.scale;
    for (size_t i = 0; i < form.zero_point.size(); ++i) codes.zero[i] = static_cast<float>(form.zero_point[i]);
  } else {
    choose_ranges(weights, form, moments, codes);
  }
  if (!min_scale.empty())
    for (size_t i = 0; i < count; ++i)
      codes.scale[i] = std::max(codes.scale[i], min_scale[min_scale.size() == 1 ? 0 : i / static_cast<size_t>(codes.blocks)]);
  bool learned = moments && !moments->gram.empty() && !is_floating(form.dtype);
  if (learned && form.rounding == "gptq") round_gptq(weights, form, *moments, codes);
  else if (learned && form.rounding == "adaround") round_adaround(weights, form, min_scale, *moments, codes);
  else round_nearest(weights, form, codes);
  return codes;
}

}  // namespace mo::quantize
