// Seeded random numbers that are the same on every machine: SplitMix64, with one independent stream per (seed, stream) pair.
// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014. std:: distributions differ between libraries.
#pragma once
#include <cmath>
#include <cstdint>

namespace mo {

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : state_(mix(seed + 0x9e3779b97f4a7c15u) ^ mix(stream + 0xd1b54a32d192ed03u)) {}

  uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  uint64_t below(uint64_t bound) {  // uniform in [0, bound), bound > 0; without bias
    uint64_t threshold = (0 - bound) % bound;
    while (true) {
      uint64_t r = next();
      if (r >= threshold) return r % bound;
    }
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() {  // Box-Muller, one of the pair
    double u = 1.0 - uniform(), v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
  }
  // Fisher-Yates.
  template <class T>
  void shuffle(T* items, int64_t count) {
    for (int64_t i = count - 1; i > 0; --i) {
      int64_t j = static_cast<int64_t>(below(static_cast<uint64_t>(i) + 1));
      T kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
  }

 private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace mo
