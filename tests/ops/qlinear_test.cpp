// The QLinear operators of com.microsoft compute what the standard operator computes between DequantizeLinear and QuantizeLinear.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

// A scale and a zero point that no sum of them turns into a tie.
struct Grid {
  float scale;
  int zero;
};
constexpr Grid k_x{0.0317f, 7}, k_y{0.0211f, 60}, k_z{0.0473f, 11};

KernelInput scale(Grid g) { return constant(Tensor::scalar<float>(g.scale)); }
KernelInput zero(DType dtype, Grid g) {
  Tensor t = Tensor::zeros(dtype, {});
  t.set_number(0, g.zero);
  return constant(t);
}
double real(const Tensor& q, int64_t i, Grid g) { return (static_cast<double>(q.integer(i)) - g.zero) * static_cast<double>(g.scale); }

template <class F>
Tensor rounded(DType dtype, const Shape& shape, Grid g, F f) {
  Tensor t = Tensor::zeros(dtype, shape);
  const double low = dtype == DType::u8 ? 0 : -128, high = low + 255;
  for (int64_t i = 0; i < t.size(); ++i) t.set_number(i, std::clamp(std::nearbyint(f(i) / static_cast<double>(g.scale)) + g.zero, low, high));
  return t;
}

OpCase one(const char* op, const Tensor& x, std::vector<std::pair<std::string, graph::AttrValue>> attributes = {}) {
  return {node(op, "com.microsoft", std::move(attributes)), {{x}, scale(k_x), zero(x.dtype(), k_x), scale(k_z), zero(x.dtype(), k_z)}};
}

}  // namespace

TEST_CASE("QLinearAdd and QLinearMul broadcast, saturate and keep the dtype") {
  for (DType dtype : {DType::u8, DType::i8}) {
    const Tensor a = random_bytes(dtype, {2, 3, 5}, 1), b = random_bytes(dtype, {3, 1}, 2);
    for (bool sum : {true, false}) {
      auto value = [&](int64_t i) {
        const double x = real(a, i, k_x), y = real(b, i / 5 % 3, k_y);
        return sum ? x + y : x * y;
      };
      const std::vector<KernelInput> inputs{{a}, scale(k_x), zero(dtype, k_x), {b}, scale(k_y), zero(dtype, k_y), scale(k_z), zero(dtype, k_z)};
      OpCase c{sum ? node("QLinearAdd", "com.microsoft") : node("QLinearMul", "com.microsoft"), inputs};
      c.expected = {rounded(dtype, {2, 3, 5}, k_z, value)};
      check_op(c);
    }
  }
  CHECK(op_error({node("QLinearAdd", "com.microsoft"),
                  {{random_floats({2}, 1)}, scale(k_x), zero(DType::u8, k_x), {random_bytes(DType::u8, {2}, 1)}, scale(k_x), {}, scale(k_x)}})
            .find("wants int8 or uint8") != std::string::npos);
}

TEST_CASE("QLinear operators without zero points take 0 and the dtype of their data") {
  const Tensor a = random_bytes(DType::i8, {7}, 3);
  OpCase c{node("QLinearMul", "com.microsoft"), {{a}, scale({0.05f, 0}), {}, {a}, scale({0.05f, 0}), {}, scale({0.2f, 0})}};
  c.expected = {rounded(DType::i8, {7}, {0.2f, 0}, [&](int64_t i) { return std::pow(real(a, i, {0.05f, 0}), 2); })};
  check_op(c);
}

TEST_CASE("QLinearSigmoid and QLinearLeakyRelu are tables of their functions") {
  for (DType dtype : {DType::u8, DType::i8}) {
    const Tensor x = random_bytes(dtype, {3, 40}, 4);
    OpCase c = one("QLinearSigmoid", x);
    c.node = node("QLinearSigmoid", "com.microsoft");
    c.expected = {rounded(dtype, x.shape(), k_z, [&](int64_t i) { return 1 / (1 + std::exp(-real(x, i, k_x))); })};
    check_op(c);
    c.node = node("QLinearLeakyRelu", "com.microsoft", {{"alpha", 0.2f}});
    c.expected = {rounded(dtype, x.shape(), k_z, [&](int64_t i) {
      const double v = real(x, i, k_x);
      return v < 0 ? static_cast<double>(0.2f) * v : v;
    })};
    check_op(c);
  }
}

TEST_CASE("QLinearAveragePool and QLinearGlobalAveragePool average real numbers") {
  const Tensor x = random_bytes(DType::u8, {2, 3, 4, 4}, 5);
  OpCase window = one("QLinearAveragePool", x);
  window.node = node("QLinearAveragePool", "com.microsoft", {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
  window.expected = {rounded(DType::u8, {2, 3, 2, 2}, k_z, [&](int64_t i) {
    const int64_t at = i / 4 * 16 + i / 2 % 2 * 8 + i % 2 * 2;
    return (real(x, at, k_x) + real(x, at + 1, k_x) + real(x, at + 4, k_x) + real(x, at + 5, k_x)) / 4;
  })};
  check_op(window);
  OpCase plane = one("QLinearGlobalAveragePool", x);
  plane.node = node("QLinearGlobalAveragePool", "com.microsoft");
  plane.expected = {rounded(DType::u8, {2, 3, 1, 1}, k_z, [&](int64_t i) {
    double sum = 0;
    for (int64_t k = 0; k < 16; ++k) sum += real(x, i * 16 + k, k_x);
    return sum / 16;
  })};
  check_op(plane);
}

TEST_CASE("QLinearConcat and QLinearWhere bring every part to the scale of the result") {
  const DType dtype = DType::u8;
  const Tensor a = random_bytes(dtype, {2, 3}, 6), b = random_bytes(dtype, {2, 2}, 7);
  OpCase join{node("QLinearConcat", "com.microsoft", {{"axis", int64_t{1}}}),
              {scale(k_z), zero(dtype, k_z), {a}, scale(k_x), zero(dtype, k_x), {b}, scale(k_y), zero(dtype, k_y)}};
  join.expected = {rounded(dtype, {2, 5}, k_z, [&](int64_t i) {
    const int64_t row = i / 5, column = i % 5;
    return column < 3 ? real(a, row * 3 + column, k_x) : real(b, row * 2 + column - 3, k_y);
  })};
  check_op(join);
  CHECK(op_error({node("QLinearConcat", "com.microsoft", {{"axis", int64_t{1}}}), {scale(k_z), zero(dtype, k_z), {a}, scale(k_x), {}, {b}}})
            .find("wants 2 and 3 for each part") != std::string::npos);
  const Tensor yes = Tensor::of<bool>({3}, {true, false, true}), c = random_bytes(dtype, {2, 3}, 8);
  OpCase choice{node("QLinearWhere", "com.microsoft"),
                {{yes}, {a}, scale(k_x), zero(dtype, k_x), {c}, scale(k_y), zero(dtype, k_y), scale(k_z), zero(dtype, k_z)}};
  choice.expected = {rounded(dtype, {2, 3}, k_z, [&](int64_t i) { return i % 3 == 1 ? real(c, i, k_y) : real(a, i, k_x); })};
  check_op(choice);
}

TEST_CASE("QGemm and MatMulIntegerToFloat are products of whole numbers, weights with a scale for each column") {
  const Tensor a = random_bytes(DType::u8, {3, 6}, 9), b = random_bytes(DType::i8, {4, 6}, 10), turned = random_bytes(DType::i8, {6, 4}, 11);
  const std::vector<float> scales{0.011f, 0.007f, 0.013f, 0.009f};
  const Tensor bs = Tensor::of<float>({4}, std::span<const float>(scales)), bz = Tensor::of<int8_t>({4}, {0, 3, -5, 0});
  const Tensor c = Tensor::of<int32_t>({4}, {100, -200, 300, 0});
  auto sum = [&](int64_t i, bool transposed) {
    double s = 0;
    for (int64_t k = 0; k < 6; ++k) {
      const int64_t w = transposed ? b.integer(i % 4 * 6 + k) : turned.integer(k * 4 + i % 4);
      s += static_cast<double>((a.integer(i / 4 * 6 + k) - k_x.zero) * (w - bz.integer(i % 4)));
    }
    return s;
  };
  auto factor = [&](int64_t i) { return static_cast<double>(k_x.scale) * static_cast<double>(scales[static_cast<size_t>(i % 4)]); };
  const Grid out{0.9173f, 120};
  std::vector<KernelInput> inputs{{a}, scale(k_x), zero(DType::u8, k_x), constant(b), constant(bs), constant(bz), constant(c)};
  OpCase real_result{node("QGemm", "com.microsoft", {{"transB", int64_t{1}}, {"alpha", 0.5f}}), inputs};
  Tensor wanted = Tensor::zeros(DType::f32, {3, 4});
  for (int64_t i = 0; i < 12; ++i) wanted.set_number(i, 0.5 * (sum(i, true) + static_cast<double>(c.integer(i % 4))) * factor(i));
  real_result.expected = {wanted};
  check_op(real_result);
  inputs.push_back(scale(out)), inputs.push_back(zero(DType::u8, out));
  OpCase bytes{node("QGemm", "com.microsoft", {{"transB", int64_t{1}}}), inputs};
  bytes.expected = {rounded(DType::u8, {3, 4}, out, [&](int64_t i) { return (sum(i, true) + static_cast<double>(c.integer(i % 4))) * factor(i); })};
  check_op(bytes);
  OpCase plain{node("MatMulIntegerToFloat", "com.microsoft"),
               {{a}, constant(turned), scale(k_x), constant(bs), zero(DType::u8, k_x), constant(bz), constant(Tensor::of<float>({4}, {1, 2, 3, 4}))}};
  Tensor floats_wanted = Tensor::zeros(DType::f32, {3, 4});
  for (int64_t i = 0; i < 12; ++i) floats_wanted.set_number(i, sum(i, false) * factor(i) + static_cast<double>(i % 4 + 1));
  plain.expected = {floats_wanted};
  check_op(plain);
}
