// What a model is counted to hold: shared weights once, subgraphs too, multiply-adds by hand.
#include "report/summary.h"

#include <doctest/doctest.h>

#include "base/hash.h"
#include "onnx/write.h"
#include "ops/op.h"

using namespace mo;

namespace {

graph::Model model(const char* text) {
  graph::Model m;
  m.graph = graph::parse(text);
  ops::infer_graph(m.graph);
  m.ir_version = 10;
  m.opsets = {{"", 21}};
  return m;
}

}  // namespace

TEST_CASE("a convolution's multiply-adds are outputs times window times channels") {
  auto m = model("(float32[n, 3, 8, 8] x) -> (y) { w = const float32[4, 3, 3, 3] {0}; y = Conv<pads=[1, 1, 1, 1]>(x, w); }");
  report::Summary s = report::summarize(m);
  CHECK(s.macs == 4 * 8 * 8 * 3 * 3 * 3);
  CHECK(s.macs_complete);
  CHECK(s.free_axes == std::vector<std::string>{"x[0]"});
  CHECK(s.parameters == 4 * 3 * 3 * 3);
}

TEST_CASE("a weight that two values share is counted once") {
  auto m = model("(float32[1, 2] x) -> (y) { w = const float32[2, 2] {1, 2, 3, 4}; a = MatMul(x, w); y = MatMul(a, w); }");
  graph::ValueId w = m.graph.find_value("w");
  m.graph.add_constant("again", m.graph.value(w).constant);
  report::Summary s = report::summarize(m);
  CHECK(s.parameter_bytes == 16);
  CHECK(s.macs == 8);
}

TEST_CASE("shapes and indices are no parameters") {
  auto m = model("(float32[4] x) -> (y) { s = const int64[2] {2, 2}; y = Reshape(x, s); }");
  CHECK(report::summarize(m).parameters == 0);
  CHECK(report::summarize(m).parameter_bytes == 16);
}

TEST_CASE("the saved form is the file that would be written") {
  auto m = model("(float32[1, 2] x) -> (y) { w = const float32[2, 2] {1, 2, 3, 4}; y = MatMul(x, w); }");
  std::string bytes = onnx::write_bytes(m);
  report::Saved saved = report::saved_form(m);
  CHECK(saved.bytes == static_cast<int64_t>(bytes.size()));
  CHECK(saved.digest == "sha256:" + sha256_hex(bytes));
}
