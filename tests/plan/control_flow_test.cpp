// If, Loop and Scan through plans: bodies are planned once and captured values reach them.
#include <doctest/doctest.h>

#include "support/plan_case.h"

using namespace mo;
using test::check_session;
using test::random_tensor;

TEST_CASE("control flow: If runs the branch taken, with captures") {
  const char* g =
      "(bool[] c, float32[2, 3] x) -> (y) { k = Exp(x); y = If<then_branch=() -> (a) { a = Neg(k); }, else_branch=() -> (b) { o = const float32[] "
      "{2}; b = Mul(k, o); }>(c); }";
  check_session(g, {Tensor::scalar(true), random_tensor({2, 3})});
  check_session(g, {Tensor::scalar(false), random_tensor({2, 3})});
}

TEST_CASE("control flow: branches of different shapes run") {
  const char* g =
      "(bool[] c, float32[2, 3] x, float32[3, 2] w) -> (y) { t = If<then_branch=() -> (a) { a = Neg(x); }, else_branch=() -> (b) { b = "
      "Concat<axis=0>(x, x); }>(c); p = MatMul(t, w); y = Relu(p); }";
  check_session(g, {Tensor::scalar(true), random_tensor({2, 3}), random_tensor({3, 2})}, {1e-4, 1e-4});
  check_session(g, {Tensor::scalar(false), random_tensor({2, 3}), random_tensor({3, 2})}, {1e-4, 1e-4});
}

TEST_CASE("control flow: a branch that hands back an outer value or a constant") {
  const char* g =
      "(bool[] c, float32[2] x) -> (y) { y = If<then_branch=() -> (a) { a = Identity(x); }, else_branch=() -> (b) { b = const float32[2] {5, 6}; "
      "}>(c); }";
  check_session(g, {Tensor::scalar(true), random_tensor({2})});
  check_session(g, {Tensor::scalar(false), random_tensor({2})});
}

TEST_CASE("control flow: Loop carries state, collects and stops early") {
  const char* g =
      "(int64[] n, bool[] c, float32[2] x) -> (y, s) { one = const float32[] {1}; top = const float32[] {8};"
      " y, s = Loop<body=(int64[] i, bool[] go, float32[2] v) -> (more, w, out) { w = Add(v, one); m = ReduceMax<keepdims=0>(w); more = Less(m, "
      "top); out = Mul(w, x); }>(n, c, x); }";
  check_session(g, {Tensor::scalar<int64_t>(20), Tensor::scalar(true), random_tensor({2})});
  check_session(g, {Tensor::scalar<int64_t>(3), Tensor::scalar(true), random_tensor({2})});
  check_session(g, {Tensor::scalar<int64_t>(0), Tensor::scalar(true), random_tensor({2})});
}

TEST_CASE("control flow: a Loop whose state grows") {
  const char* g =
      "(int64[] n, float32[1, 2] x) -> (y) { c = const bool[] {1}; y = Loop<body=(int64[] i, bool[] go, float32[k, 2] v) -> (more, w) { w = "
      "Concat<axis=0>(v, x); more = Identity(go); }>(n, c, x); }";
  check_session(g, {Tensor::scalar<int64_t>(5), random_tensor({1, 2})});
}

TEST_CASE("control flow: Scan sums along the first axis") {
  const char* g =
      "(float32[2] s, float32[n, 2] x) -> (t, y) { t, y = Scan<num_scan_inputs=1, body=(float32[2] a, float32[2] b) -> (c, d) { c = Add(a, b); d = "
      "Identity(c); }>(s, x); }";
  check_session(g, {random_tensor({2}), random_tensor({4, 2})});
}
