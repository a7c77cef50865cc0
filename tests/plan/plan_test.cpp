// Plans compute what the interpreter computes, whatever the memory plan, layouts and aliases do.
#include "plan/plan.h"

#include <doctest/doctest.h>

#include "support/plan_case.h"

using namespace mo;
using test::check_session;
using test::random_tensor;

TEST_CASE("plan: a chain reuses memory and keeps its values") {
  check_session("(float32[batch, 8] x) -> (y) { a = Exp(x); b = Neg(a); c = Add(a, b); d = Mul(c, x); y = Sub(d, a); }", {random_tensor({3, 8})});
}

TEST_CASE("plan: an output may be an input, a constant, another output, or a view of one") {
  check_session(
      "(float32[2, 3] x) -> (x, c, y, z, w) { c = const float32[2] {1, 2}; s = const int64[1] {-1}; y = Relu(x); z = Reshape(y, s); w = Identity(y); "
      "}",
      {random_tensor({2, 3})});
}

TEST_CASE("plan: a value that is read after its view was made in place stays whole") {
  check_session("(float32[2, 3] x) -> (y, z) { s = const int64[1] {6}; a = Exp(x); r = Reshape(a, s); b = Neg(r); y = Add(b, r); z = Sqrt(a); }",
                {random_tensor({2, 3})});
}

TEST_CASE("plan: channels stay last from the first convolution to the last, and values come out in order") {
  graph::Graph g = graph::parse(
      "(float32[n, 3, 9, 9] x) -> (y, m) { w = const float32[0] {}; v = const float32[0] {}; a = Conv<pads=[1, 1, 1, 1]>(x, w); b = Relu(a); c = "
      "Conv(b, v); d = Add(c, c); m = MaxPool<kernel_shape=[2, 2]>(d); y = GlobalAveragePool(m);"
      " }");
  g.value(g.find_value("w")).constant = random_tensor({4, 3, 3, 3}, 2);
  g.value(g.find_value("v")).constant = random_tensor({5, 4, 3, 3}, 3);
  for (const char* n : {"w", "v"}) g.value(g.find_value(n)).type = graph::Type::tensor(DType::f32, g.value(g.find_value(n)).constant.shape());
  check_session(g, {random_tensor({2, 3, 9, 9})}, {1e-4, 1e-4});
}

TEST_CASE("plan: tensors without elements run") {
  check_session("(float32[n, 4] x) -> (y, s) { y = Exp(x); k = const int64[1] {0}; s = ReduceSum<keepdims=0>(y, k); }", {random_tensor({0, 4})});
}

TEST_CASE("plan: transposes to and from channels last are a change of name") {
  check_session("(float32[1, 4, 5, 3] x) -> (y) { a = Transpose<perm=[0, 3, 1, 2]>(x); b = Relu(a); y = Transpose<perm=[0, 2, 3, 1]>(b); }",
                {random_tensor({1, 4, 5, 3})});
}

TEST_CASE("plan: shapes that depend on data run, and what follows them is planned") {
  graph::Graph g = graph::parse(
      "(float32[n, 4] x, float32[4, 5] w) -> (y, i) { i = NonZero(x); t = Transpose(i); z = const int64[1] {0}; f = GatherND(x, t); u = const "
      "int64[1] {1}; c = Unsqueeze(f, u);"
      " k = const float32[1, 4] {1, 2, 3, 4}; p = MatMul(c, k); q = MatMul(p, w); y = Relu(q); }");
  for (int64_t n : {1, 3, 2, 3}) check_session(g, {random_tensor({n, 4}), random_tensor({4, 5}, 4)}, {1e-4, 1e-4});
}

TEST_CASE("plan: a shape given as an input decides the plan") {
  graph::Graph g = graph::parse("(float32[n, 4] x, int64[2] s, float32[2, 3] w) -> (y) { r = Reshape(x, s); p = MatMul(r, w); y = Relu(p); }");
  runtime::Session session(g);
  for (int64_t rows : {2, 6, 2}) {
    Tensor x = random_tensor({rows, 4}), w = random_tensor({2, 3});
    auto got = session.run(std::vector<Datum>{x, Tensor::of<int64_t>({2}, {rows * 2, 2}), w});
    CHECK(got[0].tensor.shape() == Shape{rows * 2, 3});
  }
  check_session(g, {random_tensor({3, 4}), Tensor::of<int64_t>({2}, {6, 2}), random_tensor({2, 3})});
}

TEST_CASE("plan: errors name the node") {
  graph::Graph g = graph::parse("(float32[n] x, int64[k] i) -> (y) { look: y = Gather(x, i); }");
  runtime::Session session(g);
  try {
    session.run(std::vector<Datum>{random_tensor({3}), Tensor::of<int64_t>({1}, {7})});
    CHECK(false);
  } catch (const Error& e) {
    CHECK(e.node() == "look");
    CHECK(e.op() == "Gather");
  }
  // and the session goes on working
  CHECK(session.run(std::vector<Datum>{random_tensor({3}), Tensor::of<int64_t>({1}, {1})})[0].is_tensor());
}

TEST_CASE("plan: a run that needs more than the limit is refused before it allocates") {
  runtime::SessionOptions options;
  options.memory_limit = 1 << 20;
  runtime::Session session(graph::parse("(float32[n] x) -> (y) { a = Exp(x); y = Neg(a); }"), options);
  CHECK(session.run(std::vector<Datum>{random_tensor({1000})})[0].is_tensor());
  CHECK_THROWS_AS(session.run(std::vector<Datum>{Tensor::zeros(DType::f32, {1000000})}), Error);
}
