// Signal to noise, cosine and Kullback-Leibler divergence of outputs.
#include "search/distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mo::search {

namespace {

// Scores become probabilities by softmax, unless they are probabilities already.
std::vector<double> probabilities(const float* row, int64_t width) {
  std::vector<double> p(row, row + width);
  double sum = 0;
  bool positive = true;
  for (double x : p) sum += x, positive = positive && x >= 0;
  if (positive && std::fabs(sum - 1) < 1e-3) return p;
  double most = *std::max_element(p.begin(), p.end());
  sum = 0;
  for (double& x : p) sum += x = std::exp(x - most);
  for (double& x : p) x /= sum;
  return p;
}

}  // namespace

void OutputDistance::add(const runtime::Named& reference, const runtime::Named& outputs) {
  for (const auto& [name, expected] : reference) {
    auto it = outputs.find(name);
    if (it == outputs.end() || !expected.is_tensor() || !it->second.is_tensor() || !is_floating(expected.tensor.dtype())) continue;
    const Tensor &x = expected.tensor, &y = it->second.tensor;
    Sums& s = sums_[name];
    if (x.shape() != y.shape()) {  // as many boxes as were found, and such: all of it is noise
      for (float v : x.floats())
        if (std::isfinite(v)) s.signal += double{v} * v, s.noise += double{v} * v;
      continue;
    }
    std::vector<float> a = x.floats(), b = y.floats();
    for (size_t i = 0; i < a.size(); ++i) {
      if (!std::isfinite(a[i])) continue;
      double p = a[i], q = std::isfinite(b[i]) ? double{b[i]} : 0;
      s.signal += p * p, s.other += q * q, s.product += p * q, s.noise += (p - q) * (p - q);
    }
    if (x.rank() >= 2 && x.dim(-1) > 1) add_rows(a, b, x.dim(-1));
  }
}

void OutputDistance::add_rows(const std::vector<float>& a, const std::vector<float>& b, int64_t width) {
  auto finite = [](float v) { return std::isfinite(v); };
  for (size_t at = 0; at + static_cast<size_t>(width) <= a.size(); at += static_cast<size_t>(width)) {
    if (!std::all_of(a.begin() + static_cast<int64_t>(at), a.begin() + static_cast<int64_t>(at) + width, finite)) continue;
    if (!std::all_of(b.begin() + static_cast<int64_t>(at), b.begin() + static_cast<int64_t>(at) + width, finite)) continue;
    std::vector<double> p = probabilities(a.data() + at, width), q = probabilities(b.data() + at, width);
    for (size_t i = 0; i < p.size(); ++i)
      if (p[i] > 0) kl_ += p[i] * std::log(p[i] / std::max(q[i], 1e-12));
    ++rows_;
  }
}

double OutputDistance::noise() const {
  double sum = 0;
  for (const auto& [name, s] : sums_) sum += s.noise == 0 ? 0 : s.noise / std::max(s.signal, 1e-30);
  return sums_.empty() ? 0 : sum / static_cast<double>(sums_.size());
}

double OutputDistance::snr_db() const { return noise() == 0 ? std::numeric_limits<double>::infinity() : -10 * std::log10(noise()); }

double OutputDistance::cosine() const {
  double least = 1;
  for (const auto& [name, s] : sums_)
    if (s.noise > 0) least = std::min(least, s.signal > 0 && s.other > 0 ? s.product / std::sqrt(s.signal * s.other) : 0.0);
  return least;
}

double OutputDistance::kl() const { return rows_ ? std::max(0.0, kl_ / static_cast<double>(rows_)) : std::numeric_limits<double>::quiet_NaN(); }

}  // namespace mo::search
