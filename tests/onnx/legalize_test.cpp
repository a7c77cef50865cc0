// Upgraders that no runtime can check any more (opsets 1 to 6), by what they make; those from opset 7 on are run in rewrite_test.py.
#include "onnx/legalize/legalize.h"

#include <doctest/doctest.h>

using namespace mo;
using graph::Graph;
using graph::Node;
using graph::ValueId;

namespace {

struct Made {
  Graph g;
  Node node;
  std::vector<Node> helpers;
  bool done;
};

Made upgraded(const std::string& op, int64_t version, std::vector<std::pair<std::string, graph::AttrValue>> attributes,
              std::vector<graph::Type> inputs, bool last = false) {
  Made m;
  m.node.op = op;
  m.node.attributes = std::move(attributes);
  for (size_t i = 0; i < inputs.size(); ++i) {
    ValueId v = m.g.add_value(text("x", i), inputs[i]);
    m.g.inputs.push_back(v);
    m.node.inputs.push_back(v);
  }
  m.node.outputs = {m.g.add_value("y")};
  m.done = onnx::upgrade_now(m.g, m.node, version, last, m.helpers);
  return m;
}

graph::Type floats(Shape shape) { return graph::Type::tensor(DType::f32, shape); }

}  // namespace

TEST_CASE("old broadcasting along an axis becomes trailing ones") {
  Made m = upgraded("Add", 6, {{"broadcast", int64_t{1}}, {"axis", int64_t{1}}}, {floats({2, 3, 4, 5}), floats({3, 4})});
  CHECK(m.done);
  REQUIRE(m.helpers.size() == 1);
  CHECK(m.helpers[0].op == "Unsqueeze");
  CHECK(m.g.value(m.helpers[0].inputs[1]).constant.integers() == std::vector<int64_t>{2});
  CHECK(m.node.attributes.empty());
  CHECK(upgraded("Add", 6, {{"broadcast", int64_t{1}}}, {floats({2, 3}), floats({3})}).helpers.empty());
  CHECK(upgraded("Add", 7, {}, {floats({2, 3}), floats({3})}).helpers.empty());
  CHECK(!upgraded("Mul", 1, {{"broadcast", int64_t{1}}, {"axis", int64_t{0}}}, {{}, {}}).done);
  CHECK_THROWS_AS(upgraded("Mul", 1, {{"broadcast", int64_t{1}}, {"axis", int64_t{0}}}, {{}, {}}, true), Error);
}

TEST_CASE("forms of opsets 1 to 6 take today's inputs and attributes") {
  Made m = upgraded("Reshape", 4, {{"shape", std::vector<int64_t>{2, -1}}, {"consumed_inputs", std::vector<int64_t>{0}}}, {floats({4})});
  CHECK(m.g.value(m.node.input(1)).constant.integers() == std::vector<int64_t>{2, -1});
  CHECK(m.node.attributes.empty());
  CHECK(upgraded("Cast", 5, {{"to", std::string("FLOAT")}}, {floats({4})}).node.i("to", 0) == 1);
  CHECK(upgraded("Cast", 5, {{"to", std::string("INT64")}}, {floats({4})}).node.i("to", 0) == 7);
  CHECK_THROWS_AS(upgraded("Cast", 5, {{"to", std::string("QUAD")}}, {floats({4})}), Error);
  CHECK(upgraded("Concat", 3, {}, {floats({4})}).node.i("axis", 0) == 1);
  CHECK(upgraded("Selu", 5, {}, {floats({4})}).node.f("gamma", 0) == 1.0507f);
  m = upgraded("Upsample", 6, {{"height_scale", 2.0f}, {"width_scale", 3.0f}}, {floats({1, 1, 2, 2})});
  CHECK(m.node.op == "Resize");
  CHECK(m.g.value(m.node.input(2)).constant.floats() == std::vector<float>{1, 1, 2, 3});
  m = upgraded("Pad", 1, {{"paddings", std::vector<int64_t>{0, 1}}}, {floats({4})});
  CHECK(m.g.value(m.node.input(1)).constant.integers() == std::vector<int64_t>{0, 1});
  m = upgraded("Clip", 5, {{"min", 0.0f}, {"consumed_inputs", std::vector<int64_t>{0}}}, {floats({4})});
  CHECK(m.node.attributes.empty());
  CHECK(m.node.inputs.size() == 2);
  CHECK_THROWS_AS(upgraded("Tile", 1, {}, {floats({4})}), Error);
}

TEST_CASE("a node takes all rules above its own opset, and none below") {
  Made m = upgraded("Split", 11, {{"split", std::vector<int64_t>{1, 3}}}, {floats({4})});
  CHECK(m.node.inputs.size() == 2);
  CHECK(!m.node.has("num_outputs"));
  m = upgraded("Split", 13, {}, {floats({4})});
  CHECK(m.node.i("num_outputs", 0) == 1);
  CHECK(!upgraded("Split", 18, {}, {floats({4})}).node.has("num_outputs"));
}

TEST_CASE("types that are missing are asked for later, and done without on the last chance") {
  CHECK(!upgraded("Clip", 9, {{"min", 0.0f}}, {{}}).done);
  Made m = upgraded("Clip", 9, {{"min", 0.0f}}, {{}}, true);
  CHECK(m.done);
  REQUIRE(m.helpers.size() == 1);
  CHECK(m.helpers[0].op == "CastLike");
  m = upgraded("Clip", 9, {{"min", 0.0f}}, {graph::Type::tensor(DType::f64, Shape{4})});
  CHECK(m.g.value(m.node.input(1)).constant.dtype() == DType::f64);
  m = upgraded("Softmax", 9, {}, {floats({2, 3})});
  CHECK(m.node.op == "Softmax");
  CHECK(m.node.i("axis", 0) == -1);
  m = upgraded("Softmax", 9, {}, {floats({2, 3, 4})});
  CHECK(m.node.op == "Reshape");
  CHECK(m.helpers.size() == 3);
}
