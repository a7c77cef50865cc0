// Statistics: streaming, merged, saved; and data that no calibration should be fed with.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "support/quantize_case.h"

using namespace mo;
using namespace quantize_test;
using quantize::Statistics;

namespace {

Tensor wave(int64_t n, double from, double step, double size) {
  Tensor t = Tensor::allocate(DType::f32, {n});
  for (int64_t i = 0; i < n; ++i) t.mutable_data<float>()[i] = static_cast<float>(size * std::sin(from + step * static_cast<double>(i)));
  return t;
}

quantize::Result with(const graph::Model& m, std::vector<Tensor> feeds) {
  quantize::Calibration c(m, {1});
  for (Tensor& t : feeds) {
    runtime::Named named;
    named.emplace("x", Datum(std::move(t)));
    c.feed(named);
  }
  return quantize::quantize(m, &c, {}, nullptr);
}

void check_sound(const quantize::Result& r) {
  for (const auto& [name, a] : r.scheme.activations) {
    CAPTURE(name);
    CHECK(std::isfinite(a.scale));
    CHECK(a.scale > 0);
  }
}

}  // namespace

TEST_CASE("statistics of parts merged in any order equal those of the whole, bit for bit in range and histogram") {
  Statistics whole, forward, backward, parts[5];
  for (int i = 0; i < 5; ++i) {
    Tensor t = wave(3000, i, 0.37, std::exp2(i * 2 - 5));
    quantize::observe(whole, t);
    quantize::observe(parts[i], t);
  }
  for (int i = 0; i < 5; ++i) quantize::merge(forward, parts[i]), quantize::merge(backward, parts[4 - i]);
  for (const Statistics* s : {&forward, &backward}) {
    CHECK(s->min == whole.min);
    CHECK(s->max == whole.max);
    CHECK(s->count == whole.count);
    CHECK(s->span == whole.span);
    CHECK(s->bins == whole.bins);
    CHECK(s->feeds == whole.feeds);
    CHECK(s->sum_of_maxs == doctest::Approx(whole.sum_of_maxs));
  }
}

TEST_CASE("sums per channel are those of axis 1, and merge") {
  Tensor x = Tensor::of<float>({2, 2, 3}, {1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60});
  Statistics one, two;
  quantize::observe(one, x, {true});
  CHECK(one.channel_sums == std::vector<double>{21, 210});
  CHECK(one.channel_count == 6);
  quantize::observe(two, x, {true});
  quantize::merge(one, two);
  CHECK(one.channel_sums == std::vector<double>{42, 420});
  CHECK(one.channel_count == 12);
  Statistics none;
  quantize::observe(none, x);
  CHECK(none.channel_sums.empty());
  quantize::observe(two, Tensor::of<float>({1, 2, 1}, {NAN, 1}), {true});
  CHECK(two.channel_count == 6);  // a feed with NaN says nothing about the means
}

TEST_CASE("statistics are the same for any number of threads, and for channels that come last") {
  const int64_t n = 2, c = 5, plane = 40000;
  Tensor plain = wave(n * c * plane, 0, 0.37, 3).reshaped({n, c, plane}), last = Tensor::allocate(DType::f32, {n, plane, c});
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < c; ++j)
      for (int64_t p = 0; p < plane; ++p) last.mutable_data<float>()[(i * plane + p) * c + j] = plain.data<float>()[(i * c + j) * plane + p];
  Statistics one, two, turned;
  quantize::observe(one, plain, {true, false, 1});
  quantize::observe(two, plain, {true, false, 2});
  quantize::observe(turned, last, {true, true, 2});
  CHECK(two.sum == one.sum);
  CHECK(two.sum_of_squares == one.sum_of_squares);
  CHECK(two.channel_sums == one.channel_sums);
  for (const Statistics* s : {&two, &turned}) {
    CHECK(s->bins == one.bins);
    CHECK(s->min == one.min);
    CHECK(s->max == one.max);
    CHECK(s->channel_count == one.channel_count);
    CHECK(std::abs(s->sum - one.sum) < 1e-6 * static_cast<double>(one.count));
    for (size_t k = 0; k < 5; ++k) CHECK(s->channel_sums[k] == doctest::Approx(one.channel_sums[k]).epsilon(1e-4));
  }
}

TEST_CASE("a calibration that rested between feeds, as it does while a model is quantized, knows what one fed at a stretch does") {
  graph::Model m = two_products();
  auto once = calibrated(m, 4);
  quantize::Calibration broken(m, {1, true});
  for (int i = 0; i < 4; ++i) {
    broken.feed(samples(m, 16, 100 + i));
    if (i == 1) quantize::quantize(m, &broken, {}, nullptr);
    if (i == 2) broken.rest();
  }
  CHECK(broken.samples() == once->samples());
  CHECK(broken.inputs().size() == 1);
  for (const auto& [name, s] : once->statistics()) CHECK(broken.statistics().at(name).bins == s.bins);
}

TEST_CASE("the moving average is less moved by one wild feed than the extremes") {
  Statistics s;
  for (int i = 0; i < 9; ++i) quantize::observe(s, wave(100, i, 0.3, 1));
  quantize::observe(s, wave(100, 0, 0.3, 100));
  quantize::Grid grid;
  auto average = quantize::chooser("average").choose(s, grid, {}), extremes = quantize::chooser("minmax").choose(s, grid, {});
  CHECK(average.high < 12);
  CHECK(extremes.high > 99);
}

TEST_CASE("the moving average does not clip feeds that merely differ, at the price of a larger error") {
  Statistics s;
  for (int i = 0; i < 10; ++i) quantize::observe(s, wave(100, i, 0.3, i % 2 ? 2 : 1));
  quantize::Grid grid;
  CHECK(quantize::chooser("average").choose(s, grid, {}).high == s.max);
  Statistics rare;  // one value of many reaches far: finer steps for the others are worth its clipping
  for (int i = 0; i < 100; ++i) {
    Tensor t = wave(4000, i, 0.3, 1);
    if (i == 50) t.mutable_data<float>()[7] = 2.5f;
    quantize::observe(rare, t);
  }
  CHECK(quantize::chooser("average").choose(rare, grid, {}).high < 1.1);
}

TEST_CASE("the analytic chooser finds ACIQ's published clipping values") {
  // 4 bits, Laplace: 5.03 times the mean deviation; Gauss: 2.55 times the standard deviation
  Statistics laplace, gauss;
  constexpr int64_t n = 200000;
  Tensor a = Tensor::allocate(DType::f32, {n}), b = Tensor::allocate(DType::f32, {n});
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::exponential_distribution<float> one_side;
  for (int64_t i = 0; i < n; ++i) {
    a.mutable_data<float>()[i] = i % 2 ? one_side(random) : -one_side(random);
    b.mutable_data<float>()[i] = normal(random);
  }
  quantize::observe(laplace, a), quantize::observe(gauss, b);
  quantize::Grid four{DType::i4, false};
  const auto& how = quantize::chooser("analytic");
  CHECK(how.choose(laplace, four, {}).high == doctest::Approx(5.03).epsilon(0.04));
  CHECK(how.choose(gauss, four, {}).high == doctest::Approx(2.55).epsilon(0.06));
}

TEST_CASE("hostile calibration gives sound scales or a clear error") {
  graph::Model m = two_products();
  auto filled = [](float v) {
    Tensor t = Tensor::zeros(DType::f32, {4, 16});
    for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = v;
    return t;
  };
  auto ordinary = [&] { return samples(m, 4, 7).at("x").tensor; };
  SUBCASE("constant zero") { check_sound(with(m, {filled(0)})); }
  SUBCASE("one sample") { check_sound(with(m, {samples(m, 1, 7).at("x").tensor})); }
  SUBCASE("NaN among the data") {
    Tensor t = ordinary().clone();
    t.mutable_data<float>()[3] = NAN;
    t.mutable_data<float>()[20] = INFINITY;
    quantize::Result r = with(m, {ordinary(), t});
    check_sound(r);
    bool said = false;
    for (const auto& w : r.warnings) said |= w.find("NaN") != std::string::npos;
    CHECK(said);
  }
  SUBCASE("NaN alone: what reads it stays in float") {
    try {
      quantize::Result r = with(m, {filled(NAN)});
      check_sound(r);
      CHECK(r.scheme.nodes.at("fc1").how == "float");
      CHECK(r.scheme.nodes.at("fc1").reason.find("no finite data") != std::string::npos);
    } catch (const Error& e) { CHECK(e.message().find("no finite data") != std::string::npos); }
  }
  SUBCASE("a mask's value does not reach a scale") {
    Tensor t = ordinary().clone();
    t.mutable_data<float>()[5] = -3.4e38f;
    quantize::Result r = with(m, {ordinary(), t});
    check_sound(r);
    CHECK(r.scheme.activations.at("x").scale < 1);
  }
  SUBCASE("huge outliers are data, and every chooser survives them") {
    quantize::Calibration c(m, {1});
    for (float big : {1e20f, 1.0f}) {
      Tensor t = ordinary().clone();
      t.mutable_data<float>()[5] = big;
      runtime::Named named;
      named.emplace("x", Datum(t));
      c.feed(named);
    }
    for (const quantize::ChooserDef* how : quantize::choosers()) {
      CAPTURE(how->name);
      quantize::Options o;
      o.calibration_method = how->name;
      check_sound(quantize::quantize(m, &c, o, nullptr));
    }
  }
  SUBCASE("wrong shape") { CHECK_THROWS_AS(with(m, {Tensor::zeros(DType::f32, {4, 15})}), Error); }
  SUBCASE("wrong type") { CHECK_THROWS_AS(with(m, {Tensor::zeros(DType::i64, {4, 16})}), Error); }
  SUBCASE("no sample") { CHECK_THROWS_WITH_AS(with(m, {}), doctest::Contains("no sample"), Error); }
  SUBCASE("an empty batch") {
    try {
      check_sound(with(m, {Tensor::zeros(DType::f32, {0, 16}), ordinary()}));
    } catch (const Error& e) { CHECK(e.message() != ""); }
  }
}

TEST_CASE("inputs kept for corrections stay within their bytes, spread over the feeds") {
  graph::Model m = two_products();
  quantize::CalibrationOptions o{1, false, 16 * 16 * 4 * 5};
  quantize::Calibration c(m, o);
  for (int i = 0; i < 40; ++i) c.feed(samples(m, 16, i));
  CHECK(c.kept_inputs().size() >= 3);
  CHECK(c.kept_inputs().size() <= 5);
  CHECK(c.samples() == 640);
}
