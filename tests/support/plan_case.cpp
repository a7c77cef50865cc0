// Sessions against the interpreter.
#include "support/plan_case.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "ops/interpret.h"

namespace mo::test {

Tensor random_tensor(const Shape& shape, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Tensor t = Tensor::allocate(DType::f32, shape);
  for (int64_t i = 0; i < t.size(); ++i) t.mutable_data<float>()[i] = normal(random);
  return t;
}

bool near(const Tensor& a, const Tensor& b, Tolerance tolerance) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() == DType::string || !is_floating(a.dtype())) return identical(a, b);
  std::vector<float> x = a.floats(), y = b.floats();
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    if (!(std::fabs(x[i] - y[i]) <= tolerance.absolute + tolerance.relative * std::fabs(y[i]))) return false;
  }
  return true;
}

namespace {

bool same(const Datum& a, const Datum& b, const Tolerance* tolerance) {
  if (a.kind != b.kind) return false;
  if (a.is_tensor()) return tolerance ? near(a.tensor, b.tensor, *tolerance) : identical(a.tensor, b.tensor);
  if (!a.is_sequence()) return true;
  if (a.items->size() != b.items->size()) return false;
  for (size_t i = 0; i < a.items->size(); ++i)
    if (!same((*a.items)[i], (*b.items)[i], tolerance)) return false;
  return true;
}

}  // namespace

std::vector<Datum> check_session(const graph::Graph& g, const std::vector<Datum>& inputs, Tolerance tolerance) {
  std::vector<Datum> want = ops::interpret(g, inputs);
  for (bool optimize : {false, true}) {
    CAPTURE(optimize);
    runtime::SessionOptions options;
    options.optimize = optimize;
    runtime::Session session(g, options);
    std::vector<Datum> first;
    for (int round = 0; round < 3; ++round) {
      std::vector<Datum> got = session.run(inputs);
      REQUIRE(got.size() == want.size());
      for (size_t k = 0; k < want.size(); ++k) {
        CAPTURE(k);
        CHECK(same(got[k], want[k], optimize ? &tolerance : nullptr));
        if (round > 0) CHECK_MESSAGE(same(got[k], first[k], nullptr), "the same run twice gives the same bytes");
      }
      if (round == 0) first = got;
    }
  }
  return want;
}

std::vector<Datum> check_session(std::string_view graph_text, const std::vector<Datum>& inputs, Tolerance tolerance) {
  return check_session(graph::parse(graph_text), inputs, tolerance);
}

}  // namespace mo::test
