// Edges, names and order stay consistent through edits.
#include <doctest/doctest.h>

#include "graph/graph.h"

using namespace mo;
using graph::k_none;

namespace {
graph::Graph chain() { return graph::parse("(float32[4] x) -> (z) { a: y = Relu(x); b: z = Add(y, x); }"); }
}  // namespace

TEST_CASE("replacing uses rewires nodes, outputs and captures") {
  graph::Graph g = graph::parse(
      "(bool[] c, float32[2] x) -> (y, t) { t = Neg(x); y = If<then_branch=() -> (a) { a = Abs(t); }, else_branch=() -> (b) { b = Abs(x); }>(c); }");
  g.replace_uses(g.find_value("t"), g.find_value("x"));
  CHECK(g.value(g.outputs[1]).name == "x");
  CHECK(g.value((*g.node(g.order()[1]).subgraph("then_branch"))->captures[0].outer).name == "x");
  CHECK(g.remove_dead() == 1);
  g.verify();
}

TEST_CASE("sort restores producers before users and reports cycles") {
  graph::Graph g = chain();
  auto ids = g.order();
  graph::Node n{.op = "Neg", .inputs = {g.find_value("x")}, .outputs = {g.add_value("n")}};
  graph::NodeId neg = g.add_node(std::move(n));
  g.set_input(ids[0], 0, g.find_value("n"));
  CHECK_THROWS_AS(g.verify(), Error);
  g.sort();
  g.verify();
  CHECK(g.order().front() == neg);
  g.set_input(neg, 0, g.find_value("z"));
  CHECK_THROWS_WITH_AS(g.sort(), "the graph has a cycle", Error);
}

TEST_CASE("removing dead nodes keeps what outputs need") {
  graph::Graph g = chain();
  g.add_node({.op = "Neg", .inputs = {g.find_value("y")}, .outputs = {g.add_value("unused")}});
  CHECK(g.remove_dead() == 1);
  CHECK(g.node_count() == 2);
  CHECK(g.value(g.find_value("y")).users.size() == 1);
}

TEST_CASE("a value has one producer") {
  graph::Graph g = chain();
  CHECK_THROWS_AS(g.add_node({.op = "Neg", .inputs = {}, .outputs = {g.find_value("y")}}), Error);
  CHECK(g.unique_name("y") != "y");
  CHECK(g.sole_user(g.find_value("y")) == g.order()[1]);
  CHECK(g.sole_user(g.find_value("x")) == k_none);
}
