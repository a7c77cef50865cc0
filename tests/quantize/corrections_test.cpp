// Learned roundings and corrections lose less than rounding to nearest; what must not change the float function does not.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "quantize/correct.h"
#include "quantize/linear_algebra.h"
#include "quantize/moments.h"
#include "quantize/prepare.h"
#include "runtime/compare.h"
#include "support/quantize_case.h"

using namespace mo;
using namespace quantize_test;
using quantize::Options;

namespace {

double loss(const graph::Model& m, const Options& o) {
  auto c = calibrated(m);
  return snr(m, quantize::quantize(m, c.get(), o, nullptr).model);
}

}  // namespace

TEST_CASE("the inverse factor is one: UᵀU H = I") {
  constexpr int64_t n = 24;
  std::vector<float> x(64 * n), h(n * n, 0.0f);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(std::sin(static_cast<double>(i * i % 1009)));
  quantize::add_gram(x.data(), 64, n, h.data());
  std::vector<float> u = quantize::inverse_factor(h, n, 1e-9, 1);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t a = 0; a < n; ++a)
        for (int64_t b = 0; b <= std::min(i, a); ++b)
          sum += static_cast<double>(u[static_cast<size_t>(b * n + i)]) * u[static_cast<size_t>(b * n + a)] * h[static_cast<size_t>(a * n + j)];
      CHECK(sum == doctest::Approx(i == j ? 1.0 : 0.0).epsilon(1e-3));
    }
}

TEST_CASE("moments of a convolution are those of its receptive fields") {
  graph::Model m = model("(float32[1, 1, 2, 3] x) -> (y) { w = const float32[1, 1, 2, 2] {1, 2, 3, 4}; c: y = Conv(x, w); }");
  runtime::Named sample;
  sample.emplace("x", Datum(Tensor::of<float>({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6})));
  auto found = quantize::collect_moments(m.graph, {"c"}, {sample}, {}, nullptr);
  const auto& moments = found.at("c");
  CHECK(moments.rows == 2);
  CHECK(moments.mean[0] == std::vector<double>{3, 5, 9, 11});  // (1 2 4 5) + (2 3 5 6)
  CHECK(moments.gram[0][0 * 4 + 1] == 1 * 2 + 2 * 3);
  CHECK(moments.gram[0][2 * 4 + 3] == 4 * 5 + 5 * 6);
}

TEST_CASE("of many samples every position is seen by the moments, though each gives only a part of its rows") {
  graph::Model m = model("(float32[1, 32, 1] x) -> (y) { w = const float32[1, 1] {1}; p: y = MatMul(x, w); }");
  std::vector<float> marks(32);
  for (size_t i = 0; i < 32; ++i) marks[i] = static_cast<float>(uint32_t{1} << (i / 2)) * (i % 2 ? 1.0f : 0.0f);  // only odd positions hold anything
  runtime::Named sample;
  sample.emplace("x", Datum(Tensor::of<float>({1, 32, 1}, std::span<const float>(marks))));
  quantize::MomentsOptions few;
  few.rows_per_node = 32;  // 16 of each
  auto found = quantize::collect_moments(m.graph, {"p"}, {sample, sample}, few, nullptr);
  CHECK(found.at("p").rows == 32);
  CHECK(found.at("p").mean[0][0] == 65535);  // every odd position once
}

TEST_CASE("gptq and adaround lose less than rounding to nearest") {
  graph::Model m = two_products();
  Options o;
  o.mode = "weight_only", o.precision = "int3", o.granularity = "per_channel", o.format = "qdq", o.small_weights = "same";
  o.rounding = "nearest";
  double nearest = loss(m, o);
  o.rounding = "gptq";
  double gptq = loss(m, o);
  o.rounding = "adaround";
  double adaround = loss(m, o);
  CHECK(adaround > nearest + 0.3);
  CHECK(gptq > nearest - 1.0);  // its inputs are nearly white here: little to gain
}

TEST_CASE("equalization leaves the float function alone and helps one scale per tensor") {
  graph::Model m = three_convolutions();
  graph::Model p = quantize::prepare(m, true);
  quantize::Result notes;
  auto done = quantize::equalize(p.graph, nullptr, {}, notes, nullptr);
  CHECK(done.size() == 2);
  CHECK(snr(m, p) > 100);
  Options o;
  o.granularity = "per_tensor";
  double before = loss(m, o);
  o.corrections = {"equalization"};
  CHECK(loss(m, o) > before + 3);
}

TEST_CASE("equalization crosses Clip where no sample reaches its bound, and leaves the other channels alone") {
  graph::Model m = three_convolutions();
  graph::Graph& g = m.graph;
  const graph::ValueId zero = g.add_constant("zero", Tensor::scalar(0.0f)), bound = g.add_constant("bound", Tensor::scalar(1.0f));
  for (graph::NodeId id : std::vector<graph::NodeId>(g.order()))
    if (g.node(id).is("Relu")) {
      graph::Node& n = g.edit(id);
      n.op = "Clip";
      g.resize_inputs(id, 3);
      g.set_input(id, 1, zero), g.set_input(id, 2, bound);
    }
  graph::Model p = quantize::prepare(m, true), alone = p;
  quantize::Result notes;
  CHECK(quantize::equalize(alone.graph, nullptr, {}, notes, nullptr).empty());  // no samples: nobody knows what the bounds touch
  auto c = calibrated(m);
  auto done = quantize::equalize(p.graph, c.get(), {}, notes, nullptr);
  REQUIRE(done.size() == 2);
  int64_t kept = 0, moved = 0;
  for (float f : done[0].factor) ++(f == 1 ? kept : moved);
  CHECK(kept > 0);
  CHECK(moved > 0);
  CHECK(done[0].past_bounds);
  CHECK(count(p.graph, "Clip") == 2);
  CHECK(count(p.graph, "Mul") == 0);
  runtime::Comparer comparer(m.graph, p.graph, {false, 1});
  for (const runtime::Named& inputs : c->kept_inputs()) comparer.feed(inputs);
  CHECK(comparer.result().outputs.at(0).snr_db > 100);  // the float function on what calibration saw
  Options o;
  o.granularity = "per_tensor";
  double before = loss(m, o);
  o.corrections = {"equalization"};
  CHECK(loss(m, o) > before);
}

TEST_CASE("a rescale without a place to fold it becomes a Mul and leaves the function alone") {
  graph::Model m = two_products();
  graph::Model p = quantize::prepare(m, true);
  std::vector<float> factor;
  for (int i = 0; i < 16; ++i) factor.push_back(std::exp2(static_cast<float>(i % 5 - 2)));
  quantize::apply_rescale(p.graph, {"x", factor, {"fc1"}});
  CHECK(count(p.graph, "Mul") == 1);
  CHECK(snr(m, p) > 100);
  factor.resize(32, 2.0f);
  quantize::apply_rescale(p.graph, {"r", factor, {"fc2"}});
  CHECK(count(p.graph, "Mul") == 1);
  CHECK(snr(m, p) > 100);
}

TEST_CASE("bias correction takes the mean error out of a coarse model") {
  graph::Model m = three_convolutions();
  Options o;
  o.precision = "int3", o.granularity = "per_tensor";
  double before = loss(m, o);
  o.corrections = {"bias_correction"};
  CHECK(loss(m, o) > before);
}

TEST_CASE("taps of a kernel see the share of positions that padding leaves them") {
  graph::Model m =
      model("(float32[1, 1, 3, 4] x) -> (y) { w = const float32[1, 1, 3, 1] {1, 2, 3}; c: y = Conv<pads = [1, 0, 0, 0], strides = [1, 2]>(x, w); }");
  const graph::Graph& g = m.graph;
  graph::NodeId conv = g.order().back();
  std::vector<double> share = quantize::taps_inside(g.node(conv), g.value(g.node(conv).input(0)).type, {1, 1, 3, 1});
  REQUIRE(share.size() == 3);  // rows -1 0 1 and 0 1 2: the first tap is inside once of two times
  CHECK(share[0] == doctest::Approx(0.5));
  CHECK(share[1] == doctest::Approx(1.0));
  CHECK(share[2] == doctest::Approx(1.0));
  graph::Type free = g.value(g.node(conv).input(0)).type;
  free.dims[2] = {};
  CHECK(quantize::taps_inside(g.node(conv), free, {1, 1, 3, 1}) == std::vector<double>{1, 1, 1});
}

TEST_CASE("biases of convolutions are corrected from statistics alone, as well as from samples") {
  graph::Model m = three_convolutions();
  Options o;
  o.precision = "int3", o.granularity = "per_tensor", o.corrections = {"none"};
  double none = loss(m, o);
  o.corrections = {"auto"};
  auto fed = calibrated(m);
  std::string path = (std::filesystem::temp_directory_path() / "mo_corrections_test").string();
  fed->save(path);
  quantize::Calibration loaded(m, {1});
  loaded.load(path);
  std::filesystem::remove(path);
  REQUIRE(loaded.kept_inputs().empty());
  quantize::Result made = quantize::quantize(m, &loaded, o, nullptr);
  CHECK(made.warnings.empty());
  double from_statistics = snr(m, made.model);
  CHECK(from_statistics == loss(m, o));
  CHECK(from_statistics > none);
}

TEST_CASE("smoothquant and awq need samples and say so") {
  graph::Model m = two_products();
  Options o;
  o.mode = "dynamic", o.corrections = {"smoothquant"};
  CHECK_THROWS_WITH_AS(quantize::quantize(m, nullptr, o, nullptr), doctest::Contains("samples"), Error);
}
