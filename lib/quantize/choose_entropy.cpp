// The threshold whose quantized histogram keeps the most information: least Kullback-Leibler divergence between the clipped distribution and
// its quantized form (Migacz 2017, "8-bit inference with TensorRT").
#include <algorithm>
#include <cmath>

#include "quantize/chooser.h"

namespace mo::quantize {

namespace {

constexpr double k_most_clipped = 0.002;

// Divergence when magnitudes are clipped after `keep` of the bins and then fall onto `levels` levels.
double divergence(const std::vector<double>& magnitude, size_t keep, size_t levels, double outside) {
  double total = outside;
  for (size_t i = 0; i < keep; ++i) total += magnitude[i];
  if (total <= 0) return INFINITY;
  double kl = 0, per_level = static_cast<double>(keep) / static_cast<double>(levels);
  for (size_t level = 0; level < levels; ++level) {
    size_t from = static_cast<size_t>(std::floor(static_cast<double>(level) * per_level)),
           to = std::min(keep, static_cast<size_t>(std::floor(static_cast<double>(level + 1) * per_level)));
    if (level + 1 == levels) to = keep;
    double mass = 0;
    size_t filled = 0;
    for (size_t i = from; i < to; ++i) mass += magnitude[i], filled += magnitude[i] > 0;
    if (filled == 0) continue;
    double spread = mass / static_cast<double>(filled);
    for (size_t i = from; i < to; ++i) {
      double p = magnitude[i] + (i + 1 == keep ? outside : 0);  // what is clipped lands on the last bin
      if (magnitude[i] > 0) kl += p / total * std::log(p / spread * ((total - outside) / total));
      else if (p > 0) kl += p / total * 20;  // mass where the quantized form has none
    }
  }
  return kl;
}

Range choose(const Statistics& s, const Grid& grid, const ChooserOptions&) {
  if (s.count == 0) return {};
  // The distribution of magnitudes; a one-sided value uses all levels for its side.
  bool two_sided = s.min < 0 && s.max > 0;
  size_t half = k_bins / 2;
  std::vector<double> magnitude(half, 0.0);
  for (size_t i = 0; i < half; ++i) magnitude[i] = static_cast<double>(s.bins[half + i] + s.bins[half - 1 - i]);
  size_t used = half;
  while (used > 1 && magnitude[used - 1] == 0) --used;
  size_t levels = static_cast<size_t>((grid.high() - grid.low() + 1) / (two_sided ? 2 : 1));
  // Exact zeros (Relu) carry no information about the scale: they are representable under any.
  magnitude[0] = std::min(magnitude[0], used > 1 ? magnitude[1] : magnitude[0]);
  std::vector<double> tail(used + 1, 0.0);
  for (size_t i = used; i-- > 0;) tail[i] = tail[i + 1] + magnitude[i];
  size_t best = used, stride = std::max<size_t>(1, used / 256);
  double best_kl = INFINITY;
  for (size_t keep = std::min(levels, used); keep <= used; keep += stride) {
    if (tail[keep] > k_most_clipped * tail[0]) continue;
    double kl = divergence(magnitude, keep, levels, tail[keep]);
    if (kl < best_kl) best_kl = kl, best = keep;
  }
  float reach = static_cast<float>(static_cast<double>(best) * s.span / static_cast<double>(half));
  return no_worse_than_all(s, {std::max(s.min, -reach), std::min(s.max, reach)}, grid, k_wild);
}

}  // namespace

extern const ChooserDef choose_entropy{"entropy", "the clipping threshold with the least Kullback-Leibler divergence after quantization", choose};

}  // namespace mo::quantize
