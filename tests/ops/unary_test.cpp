// Elementwise functions of one tensor against values of Python's math module, in every float dtype, and their edge cases.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

struct Row {
  const char* op;
  std::vector<std::pair<std::string, graph::AttrValue>> attributes;
  std::vector<float> x, y;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"Acos", {}, {-0.9f, -0.25f, 0.0f, 0.5f, 0.75f}, {2.69056584f, 1.82347658f, 1.57079633f, 1.04719755f, 0.722734248f}},
      {"Asin", {}, {-0.9f, -0.25f, 0.0f, 0.5f, 0.75f}, {-1.11976951f, -0.252680255f, 0.0f, 0.523598776f, 0.848062079f}},
      {"Atan", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-1.19028995f, -0.643501109f, 0.0f, 0.463647609f, 1.24904577f}},
      {"Acosh", {}, {1.0f, 1.25f, 2.0f, 3.5f, 10.0f}, {0.0f, 0.693147181f, 1.3169579f, 1.9248473f, 2.99322285f}},
      {"Asinh", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-1.64723115f, -0.693147181f, 0.0f, 0.481211825f, 1.81844646f}},
      {"Atanh", {}, {-0.9f, -0.25f, 0.0f, 0.5f, 0.75f}, {-1.47221949f, -0.255412812f, 0.0f, 0.549306144f, 0.972955075f}},
      {"Cos", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.801143616f, 0.731688869f, 1.0f, 0.877582562f, -0.989992497f}},
      {"Cosh", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {6.13228948f, 1.29468328f, 1.0f, 1.12762597f, 10.067662f}},
      {"Sin", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.598472144f, -0.68163876f, 0.0f, 0.479425539f, 0.141120008f}},
      {"Sinh", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-6.05020448f, -0.822316732f, 0.0f, 0.521095305f, 10.0178749f}},
      {"Tan", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.747022297f, -0.93159646f, 0.0f, 0.54630249f, -0.142546543f}},
      {"Tanh", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.986614298f, -0.635148952f, 0.0f, 0.462117157f, 0.995054754f}},
      {"Exp", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.0820849986f, 0.472366553f, 1.0f, 1.64872127f, 20.0855369f}},
      {"Log", {}, {0.25f, 1.0f, 1.5f, 4.0f, 9.0f}, {-1.38629436f, 0.0f, 0.405465108f, 1.38629436f, 2.19722458f}},
      {"Sqrt", {}, {0.25f, 1.0f, 1.5f, 4.0f, 9.0f}, {0.5f, 1.0f, 1.22474487f, 2.0f, 3.0f}},
      {"Erf", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.999593048f, -0.711155634f, 0.0f, 0.520499878f, 0.99997791f}},
      {"Ceil", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-2.0f, 0.0f, 0.0f, 1.0f, 3.0f}},
      {"Floor", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-3.0f, -1.0f, 0.0f, 0.0f, 3.0f}},
      {"Reciprocal", {}, {0.25f, 1.0f, 1.5f, 4.0f, 9.0f}, {4.0f, 1.0f, 0.666666667f, 0.25f, 0.111111111f}},
      {"Abs", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {2.5f, 0.75f, 0.0f, 0.5f, 3.0f}},
      {"Neg", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {2.5f, 0.75f, -0.0f, -0.5f, -3.0f}},
      {"Relu", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.0f, 0.0f, 0.0f, 0.5f, 3.0f}},
      {"Sigmoid", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.07585818f, 0.320821301f, 0.5f, 0.622459331f, 0.952574127f}},
      {"Softplus", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.0788897343f, 0.386871006f, 0.693147181f, 0.974076984f, 3.04858735f}},
      {"Softsign", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.714285714f, -0.428571429f, 0.0f, 0.333333333f, 0.75f}},
      {"Mish", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.196816204f, -0.276494715f, 0.0f, 0.375245211f, 2.986535f}},
      {"HardSwish", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.208333333f, -0.28125f, 0.0f, 0.291666667f, 3.0f}},
      {"Swish", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.18964545f, -0.240615976f, 0.0f, 0.311229666f, 2.85772238f}},
      {"Gelu", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.0155241633f, -0.169970514f, 0.0f, 0.345731231f, 2.99595031f}},
      {"Sign", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-1.0f, -1.0f, 0.0f, 1.0f, 1.0f}},
      {"Selu", {}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-1.61378576f, -0.927632019f, 0.0f, 0.525350511f, 3.15210307f}},
      {"Round", {}, {-2.5f, -1.5f, 0.5f, 2.4f, 3.5f}, {-2.0f, -2.0f, 0.0f, 2.0f, 4.0f}},
      {"Gelu",
       {{"approximate", std::string("tanh")}},
       {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f},
       {-0.0150842661f, -0.170039445f, 0.0f, 0.34571401f, 2.99636261f}},
      {"HardSigmoid", {{"alpha", 0.25f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.0f, 0.3125f, 0.5f, 0.625f, 1.0f}},
      {"Elu", {{"alpha", 2.0f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-1.83583f, -1.05526689f, 0.0f, 0.5f, 3.0f}},
      {"Celu", {{"alpha", 2.0f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-1.42699041f, -0.625421442f, 0.0f, 0.5f, 3.0f}},
      {"LeakyRelu", {{"alpha", 0.125f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.3125f, -0.09375f, 0.0f, 0.5f, 3.0f}},
      {"ThresholdedRelu", {{"alpha", 0.25f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {0.0f, 0.0f, 0.0f, 0.5f, 3.0f}},
      {"Swish", {{"alpha", 2.0f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-0.0167321273f, -0.136819143f, 0.0f, 0.365529289f, 2.99258213f}},
      {"Shrink", {{"bias", 0.25f}}, {-2.5f, -0.75f, 0.0f, 0.5f, 3.0f}, {-2.25f, -0.5f, 0.0f, 0.0f, 2.75f}},
  };
  return table;
}

Tensor one(const std::vector<float>& v) { return Tensor::of<float>({static_cast<int64_t>(v.size())}, v); }

}  // namespace

TEST_CASE("unary operators give the values of Python's math module") {
  for (const Row& r : rows()) {
    CAPTURE(r.op);
    check_op({.node = node(r.op, "", r.attributes), .inputs = {{one(r.x)}}, .expected = {one(r.y)}});
    check_op({.node = node(r.op, "", r.attributes), .inputs = {{one(r.x).cast(DType::f16)}}, .expected = {one(r.y).cast(DType::f16)}});
    check_op({.node = node(r.op, "", r.attributes), .inputs = {{one(r.x).cast(DType::bf16)}}, .expected = {one(r.y).cast(DType::bf16)}});
    check_op({.node = node(r.op, "", r.attributes), .inputs = {{one(r.x).cast(DType::f64)}}});
  }
}

TEST_CASE("unary operators take scalars and empty tensors") {
  for (const Row& r : rows()) {
    CAPTURE(r.op);
    check_op({.node = node(r.op, "", r.attributes), .inputs = {{Tensor::scalar(r.x[3])}}, .expected = {Tensor::scalar(r.y[3])}});
    check_op({.node = node(r.op, "", r.attributes),
              .inputs = {{Tensor::zeros(DType::f32, {2, 0, 3})}},
              .expected = {Tensor::zeros(DType::f32, {2, 0, 3})}});
  }
}

TEST_CASE("the lowest integer has no opposite and stays") {
  Tensor x = Tensor::of<int8_t>({3}, {-128, -1, 5});
  check_op({.node = node("Abs"), .inputs = {{x}}, .expected = {Tensor::of<int8_t>({3}, {-128, 1, 5})}});
  check_op({.node = node("Neg"), .inputs = {{x}}, .expected = {Tensor::of<int8_t>({3}, {-128, 1, -5})}});
  check_op({.node = node("BitwiseNot"), .inputs = {{x}}, .expected = {Tensor::of<int8_t>({3}, {127, 0, -6})}});
  check_op({.node = node("Sign"), .inputs = {{Tensor::of<uint8_t>({2}, {0, 9})}}, .expected = {Tensor::of<uint8_t>({2}, {0, 1})}});
}

TEST_CASE("predicates see NaN and infinities") {
  float inf = std::numeric_limits<float>::infinity();
  Tensor x = Tensor::of<float>({4}, {1.0f, inf, -inf, std::nanf("")});
  check_op({.node = node("IsNaN"), .inputs = {{x}}, .expected = {Tensor::of<bool>({4}, {false, false, false, true})}});
  check_op({.node = node("IsInf"), .inputs = {{x}}, .expected = {Tensor::of<bool>({4}, {false, true, true, false})}});
  check_op({.node = node("IsInf", "", {{"detect_negative", int64_t{0}}}),
            .inputs = {{x}},
            .expected = {Tensor::of<bool>({4}, {false, true, false, false})}});
  check_op({.node = node("Not"), .inputs = {{Tensor::of<bool>({2}, {true, false})}}, .expected = {Tensor::of<bool>({2}, {false, true})}});
}

TEST_CASE("Clip lets the upper bound win and leaves out absent ones") {
  Tensor x = Tensor::of<float>({4}, {-3.0f, 0.5f, 2.0f, 9.0f}), low = Tensor::scalar(1.0f), high = Tensor::scalar(-1.0f);
  check_op({.node = node("Clip"), .inputs = {{x}, {low}, {Tensor::scalar(3.0f)}}, .expected = {Tensor::of<float>({4}, {1.0f, 1.0f, 2.0f, 3.0f})}});
  check_op({.node = node("Clip"), .inputs = {{x}, {low}, {high}}, .expected = {Tensor::of<float>({4}, {-1.0f, -1.0f, -1.0f, -1.0f})}});
  check_op({.node = node("Clip"), .inputs = {{x}, {}, {low}}, .expected = {Tensor::of<float>({4}, {-3.0f, 0.5f, 1.0f, 1.0f})}});
  check_op({.node = node("Clip"),
            .inputs = {{Tensor::of<int32_t>({2}, {-5, 5})}, {Tensor::scalar(int32_t{-1})}},
            .expected = {Tensor::of<int32_t>({2}, {-1, 5})}});
  CHECK(op_error({.node = node("Clip"), .inputs = {{x}, {x}}}).find("scalar") != std::string::npos);
}

TEST_CASE("PRelu broadcasts its slope to x only") {
  Tensor x = Tensor::of<float>({2, 2}, {-2.0f, 4.0f, -6.0f, -8.0f});
  check_op({.node = node("PRelu"),
            .inputs = {{x}, {Tensor::of<float>({2}, {0.5f, 0.25f})}},
            .expected = {Tensor::of<float>({2, 2}, {-1.0f, 4.0f, -3.0f, -2.0f})}});
  CHECK(op_error({.node = node("PRelu"), .inputs = {{Tensor::of<float>({2}, {1.0f, 1.0f})}, {x}}}).find("broadcast") != std::string::npos);
}

TEST_CASE("SwiGLU gates b by a") {
  Tensor a = Tensor::of<float>({2}, {0.0f, 2.0f}), b = Tensor::of<float>({2}, {3.0f, 4.0f});
  check_op({.node = node("SwiGLU"), .inputs = {{a}, {b}}, .expected = {Tensor::of<float>({2}, {0.0f, 7.046376f})}});  // 2 sigmoid(2) 4
  CHECK(op_error({.node = node("SwiGLU"), .inputs = {{a}, {Tensor::scalar(1.0f)}}}).find("alike") != std::string::npos);
}

TEST_CASE("unary operators refuse dtypes they do not know") {
  for (const char* op : {"Exp", "Relu", "Abs", "Not", "BitwiseNot", "IsNaN"}) {
    CAPTURE(op);
    CHECK(op_error({.node = node(op), .inputs = {{Tensor::of<std::string>({1}, {"a"})}}}).find("string") != std::string::npos);
  }
}
