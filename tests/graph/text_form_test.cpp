// The text form reads back what it prints.
#include <doctest/doctest.h>

#include "graph/graph.h"

using namespace mo;

TEST_CASE("a printed graph parses to the same text") {
  const char* source =
      "(float32[batch, 3, ?, 4] x) -> (y) {\n"
      "  w = const float32[2] {1.5, -2};\n"
      "  n1: t = Conv<strides=[1, 1], alpha=0.5, mode=\"a b\">(x, w, _);\n"
      "  y, _ = mo.Pair<axis=-1>(t);\n"
      "}\n";
  graph::Graph g = graph::parse(source);
  g.verify();
  CHECK(graph::print(g) == source);
  CHECK(g.node(g.order()[0]).ints("strides") == std::vector<int64_t>{1, 1});
  CHECK(g.node(g.order()[0]).f("alpha", 0) == 0.5f);
  CHECK(g.node(g.order()[1]).domain == "mo");
}

TEST_CASE("a subgraph captures values of the enclosing graph") {
  graph::Graph g =
      graph::parse("(bool[] c, float32[2] x) -> (y) { y = If<then_branch=() -> (a) { a = Neg(x); }, else_branch=() -> (b) { b = Abs(x); }>(c); }");
  const auto& then_branch = *g.node(g.order()[0]).subgraph("then_branch");
  REQUIRE(then_branch->captures.size() == 1);
  CHECK(g.value(then_branch->captures[0].outer).name == "x");
  CHECK(g.value(g.find_value("x")).users.size() == 2);
}

TEST_CASE("broken text is refused") {
  CHECK_THROWS_AS(graph::parse("(float32 x) -> (y) { y = Relu(z); }"), Error);
  CHECK_THROWS_AS(graph::parse("(float32 x) -> (y) { y = Relu(x) }"), Error);
}
