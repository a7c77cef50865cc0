// Benchmarks: inputs are made up from the model's types, quantiles are right.
#include "runtime/benchmark.h"

#include <doctest/doctest.h>

using namespace mo;

TEST_CASE("benchmark: quantiles interpolate") {
  std::vector<double> v = {1, 2, 3, 4};
  CHECK(runtime::quantile(v, 0) == 1);
  CHECK(runtime::quantile(v, 0.5) == 2.5);
  CHECK(runtime::quantile(v, 1) == 4);
}

TEST_CASE("benchmark: shapes are resolved by name, symbol and batch") {
  runtime::Session s(
      graph::parse("(int64[batch, seq] a, int64[batch, seq] m, float32[batch, 3] f) -> (y) { k = Mul(a, m); y = Neg(k); z = Exp(f); }"));
  runtime::Shapes shapes = runtime::resolve_shapes(s.inputs(), {{"a", {2, 7}}});
  CHECK(shapes.at("m") == Shape{2, 7});
  CHECK(shapes.at("f") == Shape{2, 3});
  CHECK_THROWS_AS(runtime::resolve_shapes(s.inputs()), Error);
  CHECK_THROWS_AS(runtime::resolve_shapes(s.inputs(), {{"b", {1}}}), Error);
}

TEST_CASE("benchmark: counts its runs") {
  runtime::BenchmarkOptions options;
  options.iterations = 5;
  options.warm_up_seconds = 0;
  options.batch = 3;
  runtime::BenchmarkResult r = runtime::benchmark(graph::parse("(float32[n, 4] x) -> (y) { y = Relu(x); }"), {}, {}, options);
  CHECK(r.iterations == 5);
  CHECK(r.batch == 3);
  CHECK(r.times_ms.size() == 5);
  CHECK(r.min_ms <= r.median_ms);
  CHECK(r.median_ms <= r.p99_ms);
}
