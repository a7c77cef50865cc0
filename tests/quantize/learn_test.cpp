// Rounding layer by layer: stages compute what the whole net does, and what is learned behind rounded layers loses less.
#include <doctest/doctest.h>

#include <cmath>

#include "quantize/prepare.h"
#include "quantize/stages.h"
#include "support/quantize_case.h"

using namespace mo;
using namespace quantize_test;
using quantize::Options;

TEST_CASE("stages make what products read: products at one depth together, values held only while somebody reads them") {
  graph::Model m = quantize::prepare(
      model("(float32[n, 2] x) -> (z) { w = const float32[2, 2] {1, 2, 3, 4}; v = const float32[2, 2] {2, 0, 0, 2}; a: p = MatMul(x, w); b: q = "
            "MatMul(x, v); s = Add(p, q); c: z = MatMul(s, w); }"),
      true);
  quantize::Stages stages(m.graph, {"a", "b", "c"}, 1);
  REQUIRE(stages.count() == 2);
  CHECK(stages.products(0) == std::vector<std::string>{"a", "b"});
  runtime::Named held;
  held.emplace("x", Datum(Tensor::of<float>({1, 2}, {1, 1})));
  stages.begin(0);
  stages.run(held, nullptr);
  CHECK(held.size() == 1);
  stages.set_constant("b", 1, Tensor::of<float>({2, 2}, {3, 0, 0, 3}));
  stages.shift("a", Tensor::of<float>({2}, {10, 20}));
  stages.begin(1);
  stages.run(held, nullptr);
  REQUIRE(held.size() == 1);
  const Tensor& s = held.at("s").tensor;
  CHECK(s.number(0) == 4 + 10 + 3);
  CHECK(s.number(1) == 6 + 20 + 3);
}

TEST_CASE("gptq on what rounded layers give, and on what float layers give, both lose less than rounding to nearest") {
  for (bool convolutions : {false, true}) {
    graph::Model m = convolutions ? three_convolutions() : two_products();
    Options o;
    // Few levels: inputs are nearly white here, and with more there is nothing to gain.
    o.precision = "int3", o.granularity = "per_channel", o.mode = convolutions ? "static" : "weight_only", o.format = "qdq";
    o.rounding = "nearest", o.small_weights = "same";
    auto c = calibrated(m);
    auto loss = [&] { return snr(m, quantize::quantize(m, c.get(), o, nullptr).model); };
    double nearest = loss();
    o.rounding = "adaround";
    CHECK(loss() > nearest);
    o.rounding_inputs = "float";
    CHECK(loss() > nearest);
  }
}

TEST_CASE("int4 weights as they come: samples are learned from, narrow products get zero points, small blocks and an 8-bit last product") {
  graph::Model m = two_products();
  Options o;
  o.mode = "weight_only", o.precision = "int4";
  quantize::Result plain = quantize::quantize(m, nullptr, o, nullptr);
  const auto& first = *plain.scheme.nodes.at("fc1").weights;
  CHECK(first.bits == 4);
  CHECK(first.block == 16);
  CHECK(!first.symmetric);
  CHECK(first.rounding == "nearest");
  CHECK(plain.scheme.nodes.at("fc2").weights->bits == 8);
  auto c = calibrated(m);
  CHECK(quantize::quantize(m, c.get(), o, nullptr).scheme.nodes.at("fc1").weights->rounding == "adaround");
  o.last_product = "same", o.small_weights = "same";
  CHECK(quantize::quantize(m, c.get(), o, nullptr).scheme.nodes.at("fc2").weights->bits == 4);
}

TEST_CASE("a node's name in a scheme is a name, not a pattern") {
  graph::Model m = model(
      "(float32[2, 2] x) -> (z) { w = const float32[2, 2] {1, 2, 3, 4}; v = const float32[2, 2] {4, 3, 2, 1}; axb: y = MatMul(x, w); a.b: z = "
      "MatMul(y, v); }");
  Options o;
  o.mode = "weight_only";
  o.overrides.nodes["a.b"].how = "fp16";
  quantize::Result r = quantize::quantize(m, nullptr, o, nullptr);
  CHECK(count(r.model.graph, "DequantizeLinear") == 1);
  CHECK(count(r.model.graph, "Cast") == 2);
}
