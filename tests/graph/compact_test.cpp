// A compacted graph computes the same with nothing left of what is gone.
#include "graph/compact.h"

#include <doctest/doctest.h>

using namespace mo;

TEST_CASE("a compacted graph has no dead nodes and values, and says where the others went") {
  graph::Graph g = graph::parse("(float32[2] x) -> (y) { c = const float32[2] {1, 2}; a = Neg(x); b = Abs(x); y = Add(b, c); }");
  const graph::NodeId add = g.order()[2];
  const graph::ValueId gone = g.find_value("a"), y = g.find_value("y");
  g.remove_dead();
  const graph::Compact small = graph::compacted(g);
  small.graph.verify();
  CHECK(small.graph.node_count() == 2);
  CHECK(small.graph.value_count() == 4);
  CHECK(small.values[static_cast<size_t>(gone)] == graph::k_none);
  CHECK(small.values[static_cast<size_t>(y)] == small.graph.outputs[0]);
  CHECK(small.graph.node(small.nodes[static_cast<size_t>(add)]).is("Add"));
  CHECK(graph::print(small.graph) == "(float32[2] x) -> (y) {\n  c = const float32[2] {1, 2};\n  b = Abs(x);\n  y = Add(b, c);\n}\n");
}

TEST_CASE("captures of a subgraph follow into the compacted graph") {
  graph::Graph g = graph::parse(
      "(bool[] c, float32[2] x) -> (y) { d = Abs(x); z = Neg(x); y = If<then_branch=() -> (a) { a = Neg(z); }, else_branch=() -> (b) { b = Abs(z); "
      "}>(c); }");
  g.remove_dead();
  const graph::Compact small = graph::compacted(g);
  small.graph.verify();
  const auto& body = *small.graph.node(small.graph.order()[1]).subgraph("then_branch");
  CHECK(small.graph.value(body->captures[0].outer).name == "z");
}
