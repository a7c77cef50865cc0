// Weights of the same numbers are stored once where their forms agree.
#include "quantize/share.h"

#include <doctest/doctest.h>

#include "runtime/compare.h"
#include "support/quantize_case.h"

using namespace mo;
using namespace quantize_test;

namespace {

// ids -> rows of a table -> product with the table's transpose, or with the table itself by Gemm.
graph::Model tied(bool gemm) {
  graph::Model m = model(
      gemm ? "(int64[n] ids) -> (y) { e = const float32[64, 32] {1}; look: x = Gather(e, ids); s: h = Sigmoid(x); last: y = Gemm<transB=1>(h, e); }"
           : "(int64[n] ids) -> (y) { e = const float32[64, 32] {1}; t: w = Transpose<perm=[1, 0]>(e); look: x = Gather(e, ids); s: h = "
             "Sigmoid(x); last: y = MatMul(h, w); }");
  Tensor e = Tensor::zeros(DType::f32, {64, 32});
  for (int64_t i = 0; i < e.size(); ++i) e.set_number(i, static_cast<double>((i * 7919) % 1009) / 1009 - 0.5);
  m.graph.value(m.graph.find_value("e")).constant = e;
  return m;
}

std::unique_ptr<quantize::Calibration> fed(const graph::Model& m) {
  auto c = std::make_unique<quantize::Calibration>(m, quantize::CalibrationOptions{1, true});
  runtime::Named inputs;
  Tensor ids = Tensor::zeros(DType::i64, {16});
  for (int64_t i = 0; i < 16; ++i) ids.set_number(i, static_cast<double>(i * 4));
  inputs.emplace("ids", Datum(ids));
  c->feed(inputs);
  return c;
}

int64_t integer_bytes(const graph::Graph& g) {
  int64_t sum = 0;
  for (graph::ValueId v = 0; v < g.value_count(); ++v)
    if (g.value(v).is_constant() && !g.value(v).users.empty() && is_integer(g.value(v).constant.dtype()) && g.value(v).constant.size() > 256)
      sum += g.value(v).constant.bytes();
  return sum;
}

double distance(const graph::Model& a, const graph::Model& b) {
  runtime::Comparer comparer(a.graph, b.graph, {false, 1});
  runtime::Named inputs;
  Tensor ids = Tensor::zeros(DType::i64, {32});
  for (int64_t i = 0; i < 32; ++i) ids.set_number(i, static_cast<double>(i * 2 + 1));
  inputs.emplace("ids", Datum(ids));
  comparer.feed(inputs);
  return comparer.result().outputs.at(0).snr_db;
}

}  // namespace

TEST_CASE("a table and the product that uses its transpose are one constant in every mode of 8-bit weights") {
  for (bool gemm : {false, true})
    for (const char* mode : {"static", "dynamic", "weight_only"}) {
      CAPTURE(gemm);
      CAPTURE(mode);
      graph::Model m = tied(gemm);
      auto c = fed(m);
      quantize::Options o;
      o.mode = mode;
      quantize::Result r = quantize::quantize(m, c.get(), o, nullptr);
      CHECK(integer_bytes(r.model.graph) == 64 * 32);
      CHECK(r.scheme.nodes.at("look").weights->axis == 0);
      CHECK(distance(m, r.model) > 30);
      r.model.graph.verify();
      o.backend = "tensorrt";
      if (o.mode != "dynamic") CHECK(integer_bytes(quantize::quantize(m, c.get(), o, nullptr).model.graph) == 2 * 64 * 32);
    }
}

TEST_CASE("forms that differ stay two constants") {
  graph::Model m = tied(false);
  auto c = fed(m);
  quantize::Options o;
  o.overrides.nodes["look"] = {"static", "", "", quantize::WeightForm{DType::i8, 8, true, 1, 0, "minmax", "nearest", {}, {}}};
  quantize::Result r = quantize::quantize(m, c.get(), o, nullptr);
  CHECK(r.scheme.nodes.at("look").weights->axis == 1);
  CHECK(integer_bytes(r.model.graph) == 2 * 64 * 32);
}
