// Chains of convolutions in bfloat16: where casts stand, and that values stay near.
#include "passes/narrow.h"

#include <doctest/doctest.h>

#include "ops/op.h"
#include "passes/pass.h"
#include "support/kernel_case.h"
#include "support/plan_case.h"

using namespace mo;

namespace {

graph::Graph with_weights(std::string_view text, const std::vector<Shape>& shapes) {
  graph::Graph g = graph::parse(text);
  for (size_t i = 0; i < shapes.size(); ++i) {
    graph::Value& v = g.value(g.find_value("w" + std::to_string(i)));
    v.constant = test::random_floats(shapes[i], static_cast<uint32_t>(i + 1), -0.2f, 0.2f);
    v.type = graph::Type::tensor(DType::f32, v.constant.shape());
  }
  return g;
}

std::string after(graph::Graph g) {
  passes::run(g, passes::Stage::simplify);
  passes::run(g, passes::Stage::plan);
  passes::narrow_convolutions(g, DType::bf16);
  g.verify();
  std::string out;
  for (graph::NodeId id : g.order()) out += (out.empty() ? "" : " ") + g.node(id).op;
  return out;
}

const char* k_chain =
    "(float32[1, 16, 20, 20] x) -> (y) { w0 = const float32[0] {}; w1 = const float32[0] {}; w2 = const float32[0] {}; a = Conv<pads=[1, 1, 1, "
    "1]>(x, "
    "w0); b = Relu(a); c = Conv<pads=[1, 1, 1, 1]>(b, w1); d = Add(c, b); m = MaxPool<kernel_shape=[2, 2], strides=[2, 2]>(d); n = Concat<axis=1>(m, "
    "m); e = Conv(n, w2); y = GlobalAveragePool(e); }";
const std::vector<Shape> k_chain_weights = {{32, 16, 3, 3}, {32, 32, 3, 3}, {64, 64, 1, 1}};

}  // namespace

TEST_CASE("narrow: a chain of convolutions is cast once where it begins and once where it ends") {
  CHECK(after(with_weights(k_chain, k_chain_weights)) == "Cast Conv Conv MaxPool Concat Conv Cast GlobalAveragePool");
}

TEST_CASE("narrow: a value that others read too stays there in float") {
  const char* text =
      "(float32[1, 32, 20, 20] x) -> (y, s) { w0 = const float32[0] {}; w1 = const float32[0] {}; a = Conv<pads=[1, 1, 1, 1]>(x, w0); s = Sin(a); y "
      "= "
      "Conv<pads=[1, 1, 1, 1]>(a, w1); }";
  CHECK(after(with_weights(text, {{32, 32, 3, 3}, {32, 32, 3, 3}})) == "Cast Conv Conv Cast Sin Cast");
}

TEST_CASE("narrow: a convolution too small to pay for its casts stays in float") {
  const char* text = "(float32[1, 8, 20, 20] x) -> (y) { w0 = const float32[0] {}; y = Conv<group=8>(x, w0); }";
  CHECK(after(with_weights(text, {{8, 1, 3, 3}})) == "Conv");
}

TEST_CASE("narrow: a session asked for bfloat16 computes the same to that precision, and shows inner values in float32") {
  graph::Graph g = with_weights(k_chain, k_chain_weights);
  std::vector<Datum> x = {Datum(test::random_floats({1, 16, 20, 20}, 9))};
  runtime::SessionOptions options;
  Tensor want = runtime::Session(g, options).run(x)[0].tensor;
  options.bf16 = true;
  options.observed = {"c"};
  runtime::Session s(g, options);
  runtime::RunOptions run;
  DType seen = DType::undefined;
  run.on_value = [&](const std::string&, const Tensor& t) { seen = t.dtype(); };
  CHECK(test::near(s.run(x, run)[0].tensor, want, {2e-2, 2e-2}));
  CHECK(seen == DType::f32);
}
