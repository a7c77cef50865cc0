// Comparing models: distances have the hand-worked values, and inner values are matched by name.
#include "runtime/compare.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/plan_case.h"

using namespace mo;

TEST_CASE("compare: hand-worked distances") {
  runtime::ValueError e = runtime::compare_tensors(Tensor::of<float>({1, 2}, {3, 4}), Tensor::of<float>({1, 2}, {3, 3}));
  CHECK(e.max_abs == 1);
  CHECK(e.mean_abs == 0.5);
  CHECK(e.snr_db == doctest::Approx(10 * std::log10(25.0)));
  CHECK(e.cosine == doctest::Approx(21 / (5 * std::sqrt(18.0))));
  CHECK(e.range == 1);
  CHECK(e.agreement == 0);
  CHECK(std::isinf(runtime::compare_tensors(Tensor::scalar(1.f), Tensor::scalar(1.f)).snr_db));
}

TEST_CASE("compare: outputs and inner values of two models") {
  graph::Graph a = graph::parse("(float32[n] x) -> (y) { h = Exp(x); k = const float32[] {2}; y = Mul(h, k); }");
  graph::Graph b =
      graph::parse("(float32[n] x) -> (y) { h = Exp(x); k = const float32[] {2}; o = const float32[] {0.001}; t = Mul(h, k); y = Add(t, o); }");
  runtime::Comparer comparer(a, b);
  for (uint64_t seed : {1, 2}) comparer.feed({{"x", test::random_tensor({5}, seed)}});
  runtime::CompareResult r = comparer.result();
  CHECK(r.samples == 2);
  REQUIRE(r.outputs.size() == 1);
  CHECK(r.outputs[0].max_abs == doctest::Approx(0.001).epsilon(0.01));
  CHECK(r.outputs[0].elements == 10);
  REQUIRE(r.values.size() == 1);
  CHECK(r.values[0].name == "h");
  CHECK(r.values[0].op == "Exp");
  CHECK(r.values[0].max_abs < 1e-6);
}
