// Which values get Q/DQ, drawn on small graphs.
#include <doctest/doctest.h>

#include "ops/op.h"
#include "quantize/points.h"

using namespace mo;

namespace {

std::string points_of(const char* source) {
  graph::Graph g = graph::parse(source);
  ops::infer_graph(g);
  quantize::Points p = quantize::choose_points(g, [](const graph::Node&) { return std::string(); });
  std::string out;
  for (graph::ValueId v : p.values) out += g.value(v).name + " ";
  return out;
}

}  // namespace

TEST_CASE("the activation behind a convolution is quantized, not the value between them") {
  CHECK(points_of("(float32[1, 1, 4, 4] x) -> (z) { w = const float32[1, 1, 1, 1] {1}; a = Conv(x, w); b = Relu(a); z = Conv(b, w); }") == "x b ");
}

TEST_CASE("a residual addition between convolutions carries integers") {
  CHECK(points_of("(float32[1, 1, 4, 4] x) -> (z) { w = const float32[1, 1, 1, 1] {1}; a = Conv(x, w); b = Conv(a, w); s = Add(a, b); r = Relu(s); z "
                  "= Conv(r, w); }") == "x a b r ");
}

TEST_CASE("arithmetic fed by float nodes stays in float") {
  CHECK(points_of("(float32[2, 4] x) -> (z) { w = const float32[4, 4] {1}; s = Softmax(x); p = Mul(s, x); z = MatMul(p, w); }") == "p ");
}

TEST_CASE("a product of two activations is left alone") { CHECK(points_of("(float32[2, 4] x, float32[4, 2] y) -> (z) { z = MatMul(x, y); }") == ""); }

TEST_CASE("moves carry integers and share the scale of what they move") {
  graph::Graph g = graph::parse(
      "(float32[1, 1, 4, 4] x) -> (z) { w = const float32[1, 1, 1, 1] {1}; v = const float32[4, 2] {1}; a = Conv(x, w); b = MaxPool<kernel_shape=[2, "
      "2], strides=[2, 2]>(a); c = Flatten(b); z = Gemm(c, v); }");
  ops::infer_graph(g);
  quantize::Points p = quantize::choose_points(g, [](const graph::Node&) { return std::string(); });
  CHECK(p.shares.at(g.find_value("c")) == g.find_value("a"));
  CHECK(p.shares.at(g.find_value("b")) == g.find_value("a"));
}
