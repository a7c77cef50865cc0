// Streaming statistics: one pass for the moments and the range, one for the histogram. Span doubling merges neighbouring bins exactly,
// so statistics do not depend on the order in which data came.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>

#include "base/clones.h"
#include "base/threads.h"
#include "quantize/calibration.h"

namespace mo::quantize {

namespace {

struct Moments {
  float min = INFINITY, max = -INFINITY;
  double sum = 0, squares = 0;
  int64_t taken = 0, non_finite = 0, masked = 0;

  void add(const Moments& o) {
    min = std::min(min, o.min), max = std::max(max, o.max);
    sum += o.sum, squares += o.squares;
    taken += o.taken, non_finite += o.non_finite, masked += o.masked;
  }
};

// Blocks keep float partial sums short; lanes are independent so that the compiler can use vectors.
MO_CLONES bool block_moments(const float* x, int64_t n, Moments& m) {
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

Moments moments_of(const float* x, int64_t n) {
  constexpr int64_t k_block = 8192;
  Moments m;
  for (int64_t at = 0; at < n; at += k_block)
    if (!block_moments(x + at, std::min(k_block, n - at), m)) slow_moments(x + at, std::min(k_block, n - at), m);
  return m;
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

MO_CLONES void bin_indices(const float* x, int64_t n, float factor, int32_t* index) {
  for (int64_t i = 0; i < n; ++i) {
    float position = x[i] * factor + static_cast<float>(k_bins / 2);
    position = position > 0 ? position : 0;
    position = position < static_cast<float>(k_bins - 1) ? position : static_cast<float>(k_bins - 1);
    index[i] = static_cast<int32_t>(position);
  }
}

constexpr int64_t k_chunk = 65536;  // what one thread takes at a time; fixed, so that sums do not depend on the number of threads
constexpr int64_t k_bin_block = 4096;

// Calls add(index in k_bins) of each number that counts.
template <class Add>
void each_bin(const float* x, int64_t n, float factor, bool checked, const Add& add) {
  int32_t index[k_bin_block];
  for (int64_t at = 0; at < n; at += k_bin_block) {
    int64_t m = std::min(k_bin_block, n - at);
    bin_indices(x + at, m, factor, index);
    for (int64_t i = 0; i < m; ++i)
      if (checked || std::abs(x[at + i]) <= k_mask_limit) add(i, index[i]);
  }
}

void count_bins(const float* x, int64_t n, Statistics& s, bool checked, int threads) {
  const auto factor = static_cast<float>(k_bins / 2 / s.span);
  if (n <= k_chunk / 4) {  // too few to be worth tables
    each_bin(x, n, factor, checked, [&](int64_t, int32_t bin) { ++s.bins[static_cast<size_t>(bin)]; });
    return;
  }
  std::mutex mutex;
  parallel_for(int64_t{0}, (n + k_chunk - 1) / k_chunk, int64_t{1}, threads, [&](int64_t from, int64_t to) {
    // Four tables: equal neighbours (zeros after Relu) would otherwise wait for each other's store.
    thread_local std::vector<int32_t> tables;
    tables.assign(4 * k_bins, 0);
    auto flush = [&] {
      std::lock_guard lock(mutex);
      for (int64_t b = 0; b < k_bins; ++b)
        s.bins[static_cast<size_t>(b)] += int64_t{tables[b]} + tables[k_bins + b] + tables[2 * k_bins + b] + tables[3 * k_bins + b];
    };
    constexpr int64_t k_together = int64_t{1} << 30;  // what a table's numbers can count
    for (int64_t at = from * k_chunk, end = std::min(n, to * k_chunk), m; at < end; at += m) {
      m = std::min(k_together, end - at);
      each_bin(x + at, m, factor, checked, [&](int64_t i, int32_t bin) { ++tables[static_cast<size_t>((i & 3) * k_bins + bin)]; });
      flush();
      if (at + m < end) std::fill(tables.begin(), tables.end(), 0);
    }
  });
}

MO_CLONES double sum_of(const float* x, int64_t n) {
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

// sums += each of `channels` columns of `rows` rows.
MO_CLONES void sum_columns(const float* x, int64_t rows, int64_t channels, double* sums) {
  constexpr int64_t k_rows = 64;  // float partial sums stay short
  std::vector<float> part(static_cast<size_t>(channels));
  float* p = part.data();
  for (int64_t at = 0; at < rows; at += k_rows) {
    std::fill(part.begin(), part.end(), 0.0f);
    for (int64_t r = at; r < std::min(rows, at + k_rows); ++r)
      for (int64_t c = 0; c < channels; ++c) p[c] += x[r * channels + c];
    for (int64_t c = 0; c < channels; ++c) sums[c] += p[c];
  }
}

void sum_channels(const Tensor& x, Statistics& s, const ObserveOptions& o) {
  const int64_t channels = x.rank() < 3 ? 0 : o.channels_last ? x.shape().back() : x.dim(1), rows = channels ? x.size() / channels : 0;
  if (rows == 0 || (!s.channel_sums.empty() && s.channel_sums.size() != static_cast<size_t>(channels))) return;
  s.channel_sums.resize(static_cast<size_t>(channels));
  const float* data = x.data<float>();
  s.channel_count += rows;
  if (o.channels_last) {
    const int64_t each = std::max<int64_t>(1, k_chunk / channels), pieces = (rows + each - 1) / each;
    std::vector<double> sums(static_cast<size_t>(pieces * channels));
    parallel_for(int64_t{0}, pieces, int64_t{1}, o.threads, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i)
        sum_columns(data + i * each * channels, std::min(each, rows - i * each), channels, sums.data() + i * channels);
    });
    for (size_t i = 0; i < sums.size(); ++i) s.channel_sums[i % s.channel_sums.size()] += sums[i];
    return;
  }
  const int64_t plane = rows / x.dim(0), grain = std::max<int64_t>(1, k_chunk / rows);
  parallel_for(int64_t{0}, channels, grain, o.threads, [&](int64_t from, int64_t to) {
    for (int64_t c = from; c < to; ++c)
      for (int64_t i = 0; i < x.dim(0); ++i) s.channel_sums[static_cast<size_t>(c)] += sum_of(data + (i * channels + c) * plane, plane);
  });
}

}  // namespace

void observe(Statistics& s, const Tensor& value, const ObserveOptions& options) {
  Tensor floats = value.cast(DType::f32);
  const float* x = floats.data<float>();
  const int64_t n = floats.size(), pieces = (n + k_chunk - 1) / k_chunk;
  std::vector<Moments> parts(static_cast<size_t>(pieces));
  parallel_for(int64_t{0}, pieces, int64_t{1}, options.threads, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) parts[static_cast<size_t>(i)] = moments_of(x + i * k_chunk, std::min(k_chunk, n - i * k_chunk));
  });
  Moments m;
  for (const Moments& part : parts) m.add(part);
  const bool clean = m.taken == n;
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
  count_bins(x, n, s, clean, options.threads);
  if (options.channels && clean) sum_channels(floats, s, options);
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
