// Choosers and scales on distributions whose right answer is known.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "quantize/chooser.h"

using namespace mo;
using namespace mo::quantize;

namespace {

Statistics gaussian(int64_t n, float outlier = 0) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Tensor t = Tensor::allocate(DType::f32, {n});
  for (int64_t i = 0; i < n; ++i) t.mutable_data<float>()[i] = normal(random);
  if (outlier != 0) t.mutable_data<float>()[0] = outlier;
  Statistics s;
  observe(s, t);
  return s;
}

}  // namespace

TEST_CASE("minmax is the range seen, and masks and NaN are left out of it") {
  Statistics s;
  observe(s, Tensor::of<float>({6}, {-1, 2, NAN, INFINITY, -3.4e38f, 0.5f}));
  CHECK(s.count == 3);
  CHECK(s.non_finite == 2);
  CHECK(s.masked == 1);
  Range r = chooser("minmax").choose(s, {}, {});
  CHECK(r.low == -1);
  CHECK(r.high == 2);
  CHECK(s.sum == 1.5);
}

TEST_CASE("percentile, entropy and mse ignore one outlier of a normal distribution, minmax does not") {
  Statistics s = gaussian(100000, 80);
  Grid grid{DType::i8, true};
  CHECK(chooser("minmax").choose(s, grid, {}).high == 80);
  CHECK(chooser("percentile").choose(s, grid, {.percentile = 99.99}).high < 8);
  CHECK(chooser("entropy").choose(s, grid, {}).high < 8);
  Range mse = chooser("mse").choose(s, grid, {});
  CHECK(mse.high < 60);
  CHECK(mse.high > 3);
}

TEST_CASE("analytic never leaves a larger squared error than the extremes do, entropy only where they are wild") {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (int kind = 0; kind < 4; ++kind) {
    CAPTURE(kind);
    Tensor t = Tensor::allocate(DType::f32, {20000});
    for (int64_t i = 0; i < t.size(); ++i) {
      float v = normal(random);
      // Narrow with rare large values, saturated on both sides (states of an LSTM), one-sided with a spike, heavy tails.
      const float shaped[] = {i % 600 == 0 ? 10 * v : 0.2f * v, std::tanh(8 * v), std::clamp(v, 0.0f, 2.0f), v * v * v};
      t.mutable_data<float>()[i] = shaped[kind];
    }
    Statistics s;
    observe(s, t);
    for (Grid grid : {Grid{DType::u8, false}, Grid{DType::i8, true}, Grid{DType::i4, false}})
      for (const char* name : {"analytic", "entropy"}) {
        Range r = chooser(name).choose(s, grid, {}), all{s.min, s.max};
        bool wild = std::max(-all.low, all.high) >= k_wild * std::max(-r.low, r.high);
        if (name == std::string("analytic")) CHECK(squared_error(s, r, grid) <= squared_error(s, all, grid));
        else CHECK((wild || squared_error(s, r, grid) <= squared_error(s, all, grid)));
      }
  }
}

TEST_CASE("percentile of a uniform distribution is the percentile") {
  Statistics s;
  Tensor t = Tensor::allocate(DType::f32, {100001});
  for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = static_cast<float>(i) / 1000;  // 0 .. 100
  observe(s, t);
  CHECK(chooser("percentile").choose(s, {}, {.percentile = 90}).high == doctest::Approx(90).epsilon(0.001));
  CHECK(chooser("percentile").choose(s, {}, {.percentile = 90}).low == doctest::Approx(10).epsilon(0.01));
}

TEST_CASE("statistics merge to what one pass over everything gives") {
  Statistics a = gaussian(5000), b = gaussian(5000, 700), one;
  std::mt19937 random(7);
  merge(one, a), merge(one, b);
  Statistics other;
  merge(other, b), merge(other, a);
  CHECK(one.bins == other.bins);
  CHECK(one.min == other.min);
  CHECK(one.max == 700);
  CHECK(one.count == 10000);
  int64_t total = 0;
  for (int64_t n : one.bins) total += n;
  CHECK(total == 10000);
}

TEST_CASE("scales represent zero exactly and are never zero or NaN") {
  Scale s = scale_of({0.5f, 2.0f}, {DType::u8, false});
  CHECK(s.zero_point == 0);
  CHECK(s.scale == doctest::Approx(2.0 / 255));
  s = scale_of({-1, 3}, {DType::u8, false});
  CHECK(s.zero_point == 64);
  CHECK(scale_of({0, 0}, {}).scale == 1);
  CHECK(scale_of({NAN, NAN}, {}).scale == 1);
  CHECK(scale_of({0, 1e-40f}, {}).scale == 1);
  s = scale_of({-2, 1}, {DType::i8, true});
  CHECK(s.zero_point == 0);
  CHECK(s.scale == doctest::Approx(2.0 / 127));
  CHECK(scale_of({-2, 1}, {DType::i8, false}).zero_point == 42);
}

TEST_CASE("an unknown method names its neighbour") { CHECK_THROWS_WITH_AS(chooser("minmix"), doctest::Contains("did you mean 'minmax'"), Error); }
