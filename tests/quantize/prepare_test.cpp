// What quantization starts from.
#include "quantize/prepare.h"

#include <doctest/doctest.h>

using namespace mo;

TEST_CASE("prepare: weights that a file lists among its inputs become constants") {
  graph::Model m;
  m.graph = graph::parse("(float32[2, 4] x) -> (y) { w = const float32[4] {1, 2, 3, 4}; y = Add(x, w); }");
  m.graph.inputs.push_back(m.graph.find_value("w"));
  graph::Model ready = quantize::prepare(m, true);
  REQUIRE(ready.graph.inputs.size() == 1);
  CHECK(ready.graph.constant_of(ready.graph.find_value("w")) != nullptr);
}
