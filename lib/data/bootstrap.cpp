// Drawing samples with replacement, one stream of random numbers per resample.
#include "data/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/control.h"
#include "base/random.h"

namespace mo::data {

namespace {

constexpr int64_t k_report_every = 64;  // resamples

// Multiplication in place of a division [Lemire 2019, arXiv:1805.10941]; its bias, n / 2^64, is far below what resampling can show.
size_t draw(Random& random, size_t n) { return static_cast<size_t>((static_cast<unsigned __int128>(random.next()) * n) >> 64); }

// Linear between the two nearest of sorted values.
double quantile(const std::vector<double>& sorted, double q) {
  double at = q * static_cast<double>(sorted.size() - 1);
  size_t low = static_cast<size_t>(at), high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

// value(random): the statistic of one resample.
template <class Value>
Interval interval(int64_t samples, const BootstrapOptions& o, Control* control, const Value& value) {
  std::vector<double> values(static_cast<size_t>(o.resamples));
  int64_t below = 0;
  bool finite = true;
  for (int64_t r = 0; r < o.resamples; ++r) {
    if (r % k_report_every == 0) progress(control, "bootstrap", r, o.resamples);
    Random random(o.seed, static_cast<uint64_t>(r));
    double v = values[static_cast<size_t>(r)] = value(random);
    below += v < 0;
    finite = finite && std::isfinite(v);
  }
  Interval found{0, 0, o.confidence, o.resamples, samples, o.seed, static_cast<double>(below) / static_cast<double>(o.resamples)};
  found.low = found.high = std::numeric_limits<double>::quiet_NaN();
  if (!finite) return found;
  std::sort(values.begin(), values.end());
  found.low = quantile(values, (1 - o.confidence) / 2);
  found.high = quantile(values, (1 + o.confidence) / 2);
  return found;
}

std::vector<size_t> counted(std::span<const Share> each) {
  std::vector<size_t> kept;
  for (size_t i = 0; i < each.size(); ++i)
    if (each[i].weight > 0) kept.push_back(i);
  return kept;
}

void check_options(const BootstrapOptions& o) {
  require(o.confidence > 0 && o.confidence < 1, Code::invalid_argument, "confidence must be between 0 and 1, got ", o.confidence);
}

}  // namespace

std::optional<Interval> bootstrap(const MetricDef& metric, std::span<const Share> each, const BootstrapOptions& options, Control* control) {
  check_options(options);
  std::vector<size_t> kept = counted(each);
  if (kept.size() < 2 || options.resamples < 1) return std::nullopt;
  return interval(static_cast<int64_t>(kept.size()), options, control, [&](Random& random) {
    Share total;
    for (size_t i = 0; i < kept.size(); ++i) total += each[kept[draw(random, kept.size())]];
    return metric.value(total);
  });
}

std::optional<Interval> paired_bootstrap(const MetricDef& metric, std::span<const Share> a, std::span<const Share> b, const BootstrapOptions& options,
                                         Control* control) {
  check_options(options);
  require(a.size() == b.size(), Code::invalid_argument, "paired bootstrap: ", a.size(), " samples of the first and ", b.size(), " of the second");
  std::vector<size_t> kept = counted(a);
  if (kept.size() < 2 || options.resamples < 1) return std::nullopt;
  return interval(static_cast<int64_t>(kept.size()), options, control, [&](Random& random) {
    Share first, second;
    for (size_t i = 0; i < kept.size(); ++i) {
      size_t k = kept[draw(random, kept.size())];
      first += a[k], second += b[k];
    }
    return metric.value(second) - metric.value(first);
  });
}

}  // namespace mo::data
