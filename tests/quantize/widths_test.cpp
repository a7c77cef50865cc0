// Which weights keep 8 bits where fewer are asked for.
#include <doctest/doctest.h>

#include "support/kernel_case.h"
#include "support/quantize_case.h"

using namespace mo;
using namespace quantize_test;
using quantize::Options;

namespace {

// x [n, 8] -> fc1 (8 x 512) -> Relu -> fc2 (512 x 64), whose weights are as large as `sharp` says.
graph::Model classes(float sharp) {
  graph::Model m = model(
      "(float32[n, 8] x) -> (y) { w1 = const float32[8, 512] {1}; w2 = const float32[512, 64] {1}; fc1: h = MatMul(x, w1); act: r = Relu(h); fc2: y "
      "= "
      "MatMul(r, w2); }");
  m.graph.value(m.graph.find_value("w1")).constant = mo::test::random_floats({8, 512}, 1, -1, 1);
  m.graph.value(m.graph.find_value("w2")).constant = mo::test::random_floats({512, 64}, 2, -sharp, sharp);
  return m;
}

int bits(const quantize::Result& r, const char* node) { return r.scheme.nodes.at(node).weights->bits; }

}  // namespace

TEST_CASE("a wide last product keeps 8 bits where samples show that its class scores would move") {
  Options o;
  o.mode = "weight_only", o.precision = "int4";
  for (float sharp : {0.001f, 1.0f}) {
    CAPTURE(sharp);
    graph::Model m = classes(sharp);
    auto c = calibrated(m);
    CHECK(bits(quantize::quantize(m, nullptr, o, nullptr), "fc2") == 4);
    CHECK(bits(quantize::quantize(m, c.get(), o, nullptr), "fc2") == (sharp == 1 ? 8 : 4));
    CHECK(bits(quantize::quantize(m, c.get(), o, nullptr), "fc1") == 4);
    o.last_product = "same";
    CHECK(bits(quantize::quantize(m, c.get(), o, nullptr), "fc2") == 4);
    o.last_product = "auto";
  }
}

TEST_CASE("depthwise and other small convolutions keep 8 bits in int4 models, static and weight-only, unless told otherwise") {
  graph::Model m = three_convolutions();
  auto c = calibrated(m);
  for (const char* mode : {"static", "weight_only"}) {
    CAPTURE(mode);
    Options o;
    o.mode = mode, o.precision = "int4", o.rounding = "nearest";
    quantize::Result kept = quantize::quantize(m, c.get(), o, nullptr);
    o.small_weights = "same";
    quantize::Result same = quantize::quantize(m, c.get(), o, nullptr);
    for (graph::NodeId id : m.graph.order())
      if (const graph::Node& n = m.graph.node(id); n.is("Conv")) {
        CHECK(bits(kept, n.name.c_str()) == 8);
        CHECK(bits(same, n.name.c_str()) == 4);
      }
    CHECK(snr(m, kept.model) > snr(m, same.model));
  }
}

TEST_CASE("biases of narrow convolutions are corrected in mode weight_only where samples are given") {
  graph::Model m = three_convolutions();
  auto c = calibrated(m);
  Options o;
  o.mode = "weight_only", o.precision = "int4", o.rounding = "nearest", o.small_weights = "same";
  double plain = snr(m, quantize::quantize(m, c.get(), o, nullptr).model);
  o.corrections = {"auto"};
  CHECK(snr(m, quantize::quantize(m, c.get(), o, nullptr).model) > plain);
  o.precision = "int8";
  CHECK(snr(quantize::quantize(m, c.get(), o, nullptr).model, quantize::quantize(m, nullptr, o, nullptr).model) > 200);
}
