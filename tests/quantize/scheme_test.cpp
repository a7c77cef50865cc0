// A scheme survives JSON, can be replayed, and says what is wrong with a file.
#include "quantize/scheme.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "quantize/quantize.h"
#include "support/quantize_case.h"

using namespace mo;
using quantize::Scheme;

TEST_CASE("a scheme is the same after a trip through JSON") {
  Scheme s;
  s.nodes["conv"] = {"static", "Conv", "", quantize::WeightForm{DType::i4, 4, true, 0, 0, "mse", "gptq", {0.5f, 0.25f}, {}}};
  s.nodes["mat mul"] = {"weight_only", "MatMul", "", quantize::WeightForm{DType::u4, 3, false, 1, 32, "hqq", "nearest", {}, {1, 2}}};
  s.nodes["softmax"] = {"float", "Softmax", "computed in float: no integer form", {}};
  s.activations["x"] = {DType::u8, 0.125f, 3, ""};
  s.activations["z"] = {DType::f8e4m3fn, 0.5f, 0, ""};
  s.nodes["eight"] = {"static", "Conv", "", quantize::WeightForm{DType::f8e5m2, 8, true, 0, 0, "minmax", "nearest", {}, {}}};
  s.activations["y"] = {DType::i16, 0.5f, 0, "x"};
  s.nodes["conv"].bias_shift = {0.125f, -3e-5f};
  s.rescales.push_back({"x", {1.5f, 0.75f}, {"conv"}});
  s.rescales.push_back({"y", {1.5f, 0.75f}, {"conv"}, true});
  CHECK(quantize::scheme_from_json(quantize::to_json(s), "file") == s);
}

TEST_CASE("a scheme file with a mistake is refused by name") {
  auto message = [](const char* text) {
    try {
      quantize::scheme_from_json(text, "s.json");
    } catch (const Error& e) {
      CHECK(e.code() == Code::format);
      return e.message();
    }
    return std::string("accepted");
  };
  CHECK(message("{").find("not JSON") != std::string::npos);
  CHECK(message("[]").find("not an object") != std::string::npos);
  CHECK(message(R"({"scheme": 2})").find("wants 1") != std::string::npos);
  CHECK(message(R"({"scheme": 1, "nodes": {"a": {"hwo": "static"}}})").find("did you mean 'how'") != std::string::npos);
  CHECK(message(R"({"scheme": 1, "nodes": {"a": {"how": "statik"}}})").find("not one of") != std::string::npos);
  CHECK(message(R"({"scheme": 1, "activations": {"a": {"scale": -1}}})").find("scale") != std::string::npos);
  CHECK(message(R"({"scheme": 1, "nodes": {"a": {"weights": {"dtype": "int9"}}}})").find("unknown type") != std::string::npos);
}

TEST_CASE("replaying a scheme makes the same model") {
  graph::Model m = quantize_test::two_products();
  auto c = quantize_test::calibrated(m);
  quantize::Options o;
  quantize::Result first = quantize::quantize(m, c.get(), o, nullptr);
  quantize::Result second = quantize::replay(m, quantize::scheme_from_json(quantize::to_json(first.scheme), "s"), nullptr, o, nullptr);
  CHECK(graph::print(first.model.graph) == graph::print(second.model.graph));
}

TEST_CASE("a scheme alone makes the same model: corrected biases and ranges that samples chose are in it") {
  graph::Model m = quantize_test::three_convolutions();
  auto c = quantize_test::calibrated(m);
  for (const char* precision : {"int8", "int4", "int3"})
    for (const char* granularity : {"per_channel", "per_tensor"})
      for (const char* mode : {"static", "weight_only"}) {
        CAPTURE(precision);
        CAPTURE(granularity);
        CAPTURE(mode);
        quantize::Options o;
        o.precision = precision, o.granularity = granularity, o.mode = mode, o.rounding = "nearest";
        o.corrections = {o.mode == "static" ? "auto" : "bias_correction"}, o.format = "qdq";
        if (o.precision != "int8")  // small weights keep 8 bits unless told
          for (const char* name : {"c1", "c2", "c3"}) {
            const int bits = o.precision == "int4" ? 4 : 3, axis = o.granularity == "per_tensor" ? -1 : 0;
            o.overrides.nodes[name] = {o.mode, "", "", quantize::WeightForm{DType::i4, bits, true, axis, 0, "mse", "nearest", {}, {}}};
          }
        quantize::Result first = quantize::quantize(m, c.get(), o, nullptr);
        CHECK(first.scheme.nodes.at("c1").bias_shift.size() == 16);
        quantize::Result second = quantize::replay(m, quantize::scheme_from_json(quantize::to_json(first.scheme), "s"), nullptr, o, nullptr);
        CHECK(second.warnings.empty());
        CHECK(graph::print(first.model.graph) == graph::print(second.model.graph));
        CHECK(second.scheme == first.scheme);
      }
}

TEST_CASE("shifts of biases are left out where the roundings they belong to cannot be made") {
  graph::Model m = quantize_test::three_convolutions();
  auto c = quantize_test::calibrated(m);
  quantize::Options o;
  o.precision = "int4", o.corrections = {"auto"};
  for (const char* name : {"c1", "c2", "c3"})
    o.overrides.nodes[name] = {"static", "", "", quantize::WeightForm{DType::i4, 4, true, 0, 0, "mse", "adaround", {}, {}}};
  quantize::Result first = quantize::quantize(m, c.get(), o, nullptr);
  quantize::Result alone = quantize::replay(m, first.scheme, nullptr, o, nullptr), again = quantize::replay(m, first.scheme, c.get(), o, nullptr);
  CHECK(graph::print(first.model.graph) == graph::print(again.model.graph));
  CHECK(alone.warnings.size() == 2);
  o.corrections = {"none"};
  Scheme s = first.scheme;
  for (auto& [name, form] : s.nodes) form.bias_shift.clear();
  CHECK(graph::print(quantize::replay(m, s, nullptr, o, nullptr).model.graph) == graph::print(alone.model.graph));
  s.nodes.at("c1").bias_shift = {1, 2, 3}, s.nodes.at("c1").weights->rounding = "nearest";
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, o, nullptr), doctest::Contains("channels"), Error);
}

TEST_CASE("replaying a scheme of another model names what is missing") {
  graph::Model m = quantize_test::two_products();
  Scheme s;
  s.nodes["nobody"] = {"static", "Conv", "", {}};
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, {}, nullptr), doctest::Contains("nobody"), Error);
}

TEST_CASE("a scheme with a hole is refused before anything is rewritten") {
  graph::Model m = quantize_test::two_products();
  auto c = quantize_test::calibrated(m);
  Scheme whole = quantize::quantize(m, c.get(), {}, nullptr).scheme;
  Scheme s = whole;
  s.activations.erase("x");
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, {}, nullptr), doctest::Contains("no scale"), Error);
  s = whole;
  s.activations.at("x").shares = "nobody";
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, {}, nullptr), doctest::Contains("nobody"), Error);
  s = whole;
  s.nodes.at("fc1").weights->scale = {1, 2, 3};
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, {}, nullptr), doctest::Contains("3 scales"), Error);
  s = whole;
  s.nodes.at("fc1").weights->axis = 7;
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, {}, nullptr), doctest::Contains("axis"), Error);
  s = whole;
  s.rescales.push_back({"x", {1, 2}, {"fc1"}});
  CHECK_THROWS_WITH_AS(quantize::replay(m, s, nullptr, {}, nullptr), doctest::Contains("channels"), Error);
}

TEST_CASE("an override leaves a node in float, gives another its width and fixes a scale") {
  graph::Model m = quantize_test::two_products();
  auto c = quantize_test::calibrated(m);
  quantize::Options o;
  o.overrides.nodes["fc2"] = {"float", "", "too sensitive", {}};
  o.overrides.nodes["fc1"] = {"static", "", "", quantize::WeightForm{DType::i4, 4, true, 1, 0, "minmax", "nearest", {}, {}}};
  o.overrides.activations["x"] = {DType::u8, 0.5f, 128, ""};
  quantize::Result r = quantize::quantize(m, c.get(), o, nullptr);
  CHECK(r.scheme.nodes.at("fc2").how == "float");
  CHECK(r.scheme.nodes.at("fc1").weights->dtype == DType::i4);
  CHECK(r.scheme.activations.at("x").scale == 0.5f);
  for (const auto& n : r.nodes)
    if (n.node == "fc2") CHECK(n.reason == "too sensitive");
}
