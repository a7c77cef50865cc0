// Folding and cleaning passes, as small texts before and after.
#include <doctest/doctest.h>

#include "passes/fold.h"
#include "passes/origin.h"
#include "passes/pass.h"

using namespace mo;

namespace {
std::string simplified(const char* text) {
  graph::Graph g = graph::parse(text);
  passes::run(g, passes::Stage::simplify);
  g.verify();
  return graph::print(g);
}
size_t nodes(const char* text) {
  graph::Graph g = graph::parse(text);
  passes::run(g, passes::Stage::simplify);
  g.verify();
  return g.node_count();
}
}  // namespace

TEST_CASE("fold: what is known is computed") {
  CHECK(nodes("(float32[2] x) -> (y) { a = const float32[2] {1, 2}; b = Neg(a); c = Exp(b); y = Add(x, c); }") == 1);
  CHECK(nodes("(float32[2, 3] x) -> (y) { s = Shape(x); z = const int64[] {0}; d = Gather(s, z); u = const int64[1] {0}; t = Unsqueeze(d, u); m = "
              "const int64[1] {-1}; r = Concat<axis=0>(t, m); y = Reshape(x, r); }") <= 1);
}

TEST_CASE("fold: dequantized weights stay as they are in a saved graph") {
  const char* text = "(float32[2] x) -> (y) { q = const int8[2] {1, 2}; s = const float32[] {0.5}; w = DequantizeLinear(q, s); y = Add(x, w); }";
  CHECK(nodes(text) == 2);
  graph::Graph g = graph::parse(text);
  passes::FoldOptions options;
  options.dequantize = options.retype = options.outputs = true;
  CHECK(passes::fold_constants(g, options) == 1);
}

TEST_CASE("fold: a small scalar does not become a big constant in a saved graph") {
  CHECK(nodes("(float32[512, 512] x) -> (y) { v = const float32[1] {2}; s = const int64[2] {512, 512}; b = Expand(v, s); y = Add(x, b); }") == 2);
}

TEST_CASE("fold: a node that cannot run is left to object later") {
  CHECK(nodes("(float32[2] x) -> (y) { a = const int64[2] {5, 6}; i = const int64[1] {9}; g = Gather(a, i); f = Cast<to=1>(g); y = Add(x, f); }") ==
        3);
}

TEST_CASE("identity: nodes that do nothing go, names of outputs stay") {
  CHECK(simplified("(float32[2] x) -> (y) { a = Identity(x); b = Relu(a); y = Identity(b); }") == "(float32[2] x) -> (y) {\n  y = Relu(x);\n}\n");
  CHECK(nodes("(float32[2] x) -> (y) { a = Dropout(x); b = Cast<to=1>(a); c = Transpose<perm=[0]>(b); y = Relu(c); }") == 1);
  CHECK(nodes("(float32[2] x) -> (y) { y = Identity(x); }") == 1);
}

TEST_CASE("transpose_chain: two become one or none") {
  CHECK(nodes("(float32[2, 3, 4] x) -> (y) { a = Transpose<perm=[2, 0, 1]>(x); b = Transpose<perm=[1, 2, 0]>(a); y = Relu(b); }") == 1);
  CHECK(nodes("(float32[2, 3, 4] x) -> (y) { a = Transpose<perm=[2, 0, 1]>(x); b = Transpose<perm=[2, 0, 1]>(a); y = Relu(b); }") == 2);
}

TEST_CASE("common: twins become one, but not random ones and not outputs") {
  CHECK(nodes("(float32[2] x) -> (y) { a = Exp(x); b = Exp(x); y = Add(a, b); }") == 2);
  CHECK(nodes("(float32[2] x) -> (a, b) { a = Exp(x); b = Exp(x); }") == 2);
  CHECK(nodes("(float32[2] x) -> (y) { one = const float32[1] {1}; uno = const float32[1] {1}; a = Add(x, one); b = Add(x, uno); y = Mul(a, b); }") ==
        2);
}

TEST_CASE("passes: disabled ones do not run, subgraphs are reached") {
  graph::Graph g = graph::parse(
      "(bool[] c, float32[2] x) -> (y) { y = If<then_branch=() -> (a) { t = Identity(x); a = Neg(t); }, else_branch=() -> (b) { b = Abs(x); }>(c); "
      "}");
  graph::Graph kept = g;
  std::vector<std::string> disabled = {"identity"};
  passes::run(kept, passes::Stage::simplify, disabled);
  CHECK((*kept.node(kept.order()[0]).subgraph("then_branch"))->node_count() == 2);
  passes::run(g, passes::Stage::simplify);
  CHECK((*g.node(g.order()[0]).subgraph("then_branch"))->node_count() == 1);
}

TEST_CASE("origin: names gather through repeated fusion") {
  graph::Node a, b, c;
  a.name = std::string("a");
  b.name = std::string("b");
  passes::add_origin(b, a);
  passes::add_origin(b, a);
  passes::add_origin(c, b);
  CHECK(passes::origins(c) == std::vector<std::string>{"a"});
}
