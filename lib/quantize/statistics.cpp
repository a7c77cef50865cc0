// Streaming statistics: one pass for the moments and the range, one for the histogram. Span doubling merges neighbouring bins exactly,
// so statistics do not depend on the order in which data came.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "quantize/calibration.h"

namespace mo::quantize {

namespace {

struct Moments {
  float min = INFINITY, max = -INFINITY;
  double sum = 0, squares = 0;
  int64_t taken = 0, non_finite = 0, masked = 0;
};

// Blocks keep float partial sums short; lanes are independent so that the compiler can use vectors.
__attribute__((target_clones("avx512f", "avx2", "default"))) bool block_moments(const float* x, int64_t n, Moments& m) {
  constexpr int k_lanes = 16;
  float low[k_lanes], high[k_lanes], sum[k_lanes] = {}, squares[k_lanes] = {};
  std::fill(low, low + k_lanes, INFINITY);
  std::fill(high, high + k_lanes, -INFINITY);
  int64_t body = n / k_lanes * k_lanes;
  for (int64_t i = 0; i < body; i += k_lanes)
    for (int k = 0; k < k_lanes; ++k) {
      float v = x[i + k];
      low[k] = v < low[k] ? v : low[k];
      high[k] = v > high[k] ? v : high[k];
      sum[k] += v;
      squares[k] += v * v;
    }
  float min = INFINITY, max = -INFINITY;
  double total = 0, total_squares = 0;
  for (int k = 0; k < k_lanes; ++k) {
    min = std::min(min, low[k]), max = std::max(max, high[k]);
    total += sum[k], total_squares += squares[k];
  }
  for (int64_t i = body; i < n; ++i) {
    min = std::min(min, x[i]), max = std::max(max, x[i]);
    total += x[i], total_squares += static_cast<double>(x[i]) * x[i];
  }
  // A NaN or infinity shows in the sum; a mask value in the extremes.
  if (!std::isfinite(total) || !std::isfinite(total_squares) || min < -k_mask_limit || max > k_mask_limit) return false;
  m.min = std::min(m.min, min), m.max = std::max(m.max, max);
  m.sum += total, m.squares += total_squares;
  m.taken += n;
  return true;
}

void slow_moments(const float* x, int64_t n, Moments& m) {
  for (int64_t i = 0; i < n; ++i) {
    float v = x[i];
    if (!std::isfinite(v)) {
      ++m.non_finite;
    } else if (std::abs(v) > k_mask_limit) {
      ++m.masked;
    } else {
      m.min = std::min(m.min, v), m.max = std::max(m.max, v);
      m.sum += v, m.squares += static_cast<double>(v) * v;
      ++m.taken;
    }
  }
}

// Halves the resolution: bins pair up around the centre.
void double_span(Statistics& s) {
  std::vector<int64_t> merged(s.bins.size(), 0);
  for (size_t i = 0; i < s.bins.size(); ++i) merged[s.bins.size() / 4 + i / 2] += s.bins[i];
  s.bins = std::move(merged);
  s.span *= 2;
}

void grow_span(Statistics& s, double reach) {
  if (s.bins.empty()) {
    s.bins.assign(k_bins, 0);
    s.span = reach > 0 ? std::exp2(std::ceil(std::log2(reach))) : 1e-30;
    s.span = std::max(s.span, std::exp2(-100));
  }
  while (s.span < reach) double_span(s);
}

__attribute__((target_clones("avx512f", "avx2", "default"))) void bin_indices(const float* x, int64_t n, float factor, int32_t* index) {
  for (int64_t i = 0; i < n; ++i) {
    float position = x[i] * factor + static_cast<float>(k_bins / 2);
    position = position > 0 ? position : 0;
    position = position < static_cast<float>(k_bins - 1) ? position : static_cast<float>(k_bins - 1);
    index[i] = static_cast<int32_t>(position);
  }
}

void count_bins(const float* x, int64_t n, Statistics& s, bool checked) {
  constexpr int64_t k_block = 4096;
  // Four tables: equal neighbours (zeros after Relu) would otherwise wait for each other's store.
  thread_local std::vector<int32_t> tables;
  tables.assign(4 * k_bins, 0);
  float factor = static_cast<float>(k_bins / 2 / s.span);
  int32_t index[k_block];
  int64_t pending = 0;
  auto flush = [&] {
    for (int64_t b = 0; b < k_bins; ++b)
      s.bins[static_cast<size_t>(b)] += int64_t{tables[b]} + tables[k_bins + b] + tables[2 * k_bins + b] + tables[3 * k_bins + b];
    std::fill(tables.begin(), tables.end(), 0);
    pending = 0;
  };
  for (int64_t at = 0; at < n; at += k_block) {
    int64_t m = std::min(k_block, n - at);
    bin_indices(x + at, m, factor, index);
    for (int64_t i = 0; i < m; ++i) {
      if (!checked && !(std::abs(x[at + i]) <= k_mask_limit)) continue;
      ++tables[static_cast<size_t>((i & 3) * k_bins + index[i])];
    }
    if ((pending += m) > int64_t{1} << 30) flush();
  }
  flush();
}

__attribute__((target_clones("avx512f", "avx2", "default"))) double sum_of(const float* x, int64_t n) {
  constexpr int k_lanes = 16;
  constexpr int64_t k_block = 4096;  // float partial sums stay short
  double total = 0;
  for (int64_t at = 0; at < n; at += k_block) {
    int64_t m = std::min(k_block, n - at), body = m / k_lanes * k_lanes;
    float sum[k_lanes] = {};
    for (int64_t i = 0; i < body; i += k_lanes)
      for (int k = 0; k < k_lanes; ++k) sum[k] += x[at + i + k];
    for (float lane : sum) total += lane;
    for (int64_t i = body; i < m; ++i) total += x[at + i];
  }
  return total;
}

void sum_channels(const Tensor& x, Statistics& s) {
  int64_t channels = x.rank() < 3 ? 0 : x.dim(1), plane = channels ? x.size() / x.dim(0) / channels : 0;
  if (plane == 0 || (!s.channel_sums.empty() && s.channel_sums.size() != static_cast<size_t>(channels))) return;
  s.channel_sums.resize(static_cast<size_t>(channels));
  for (int64_t i = 0; i < x.dim(0) * channels; ++i) s.channel_sums[static_cast<size_t>(i % channels)] += sum_of(x.data<float>() + i * plane, plane);
  s.channel_count += x.dim(0) * plane;
}

}  // namespace

void observe(Statistics& s, const Tensor& value, bool channels) {
  Tensor floats = value.cast(DType::f32);
  const float* x = floats.data<float>();
  constexpr int64_t k_block = 8192;
  Moments m;
  bool clean = true;
  for (int64_t at = 0; at < floats.size(); at += k_block) {
    int64_t n = std::min(k_block, floats.size() - at);
    if (block_moments(x + at, n, m)) continue;
    clean = false;
    slow_moments(x + at, n, m);
  }
  s.non_finite += m.non_finite;
  s.masked += m.masked;
  if (m.taken == 0) return;
  s.min = s.count ? std::min(s.min, m.min) : m.min;
  s.max = s.count ? std::max(s.max, m.max) : m.max;
  s.count += m.taken;
  s.sum += m.sum;
  s.sum_of_squares += m.squares;
  ++s.feeds;
  s.sum_of_mins += m.min, s.sum_of_maxs += m.max;
  grow_span(s, std::max(std::abs(static_cast<double>(m.min)), std::abs(static_cast<double>(m.max))));
  count_bins(x, floats.size(), s, clean);
  if (channels && clean) sum_channels(floats, s);
}

void merge(Statistics& into, const Statistics& other) {
  into.non_finite += other.non_finite;
  into.masked += other.masked;
  if (other.count == 0) return;
  into.min = into.count ? std::min(into.min, other.min) : other.min;
  into.max = into.count ? std::max(into.max, other.max) : other.max;
  into.count += other.count;
  into.sum += other.sum;
  into.sum_of_squares += other.sum_of_squares;
  into.feeds += other.feeds;
  into.sum_of_mins += other.sum_of_mins, into.sum_of_maxs += other.sum_of_maxs;
  grow_span(into, other.span);
  Statistics copy = other;
  grow_span(copy, into.span);
  for (size_t i = 0; i < into.bins.size(); ++i) into.bins[i] += copy.bins[i];
  if (into.channel_sums.empty()) into.channel_sums.resize(other.channel_sums.size());
  if (into.channel_sums.size() != other.channel_sums.size()) return;
  for (size_t i = 0; i < into.channel_sums.size(); ++i) into.channel_sums[i] += other.channel_sums[i];
  into.channel_count += other.channel_count;
}

}  // namespace mo::quantize
