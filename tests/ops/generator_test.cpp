// Operators that make tensors out of little: constants, ranges, windows, random numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ops/op.h"
#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {
Tensor f(Shape s, std::initializer_list<float> v) { return Tensor::of<float>(std::move(s), v); }
Tensor ints(std::initializer_list<int64_t> v) { return Tensor::of<int64_t>({static_cast<int64_t>(v.size())}, v); }
KernelInput number(int64_t v) { return {Tensor::scalar(v), true}; }
}  // namespace

TEST_CASE("Constant gives each of its attribute forms") {
  check_op({.node = node("Constant", "", {{"value", f({1}, {2})}}), .expected = {f({1}, {2})}});
  check_op({.node = node("Constant", "", {{"value_int", int64_t{3}}}), .expected = {Tensor::scalar(int64_t{3})}});
  check_op({.node = node("Constant", "", {{"value_floats", std::vector<float>{1, 2}}}), .expected = {f({2}, {1, 2})}});
  check_op({.node = node("Constant", "", {{"value_strings", std::vector<std::string>{"a"}}}), .expected = {Tensor::of<std::string>({1}, {"a"})}});
  CHECK(op_error({.node = node("Constant")}).find("without a value") != std::string::npos);
}

TEST_CASE("ConstantOfShape fills any dtype, EyeLike sets a diagonal") {
  check_op({.node = node("ConstantOfShape"), .inputs = {{ints({2, 1}), true}}, .expected = {f({2, 1}, {0, 0})}});
  check_op({.node = node("ConstantOfShape", "", {{"value", Tensor::of<int8_t>({1}, {-3})}}),
            .inputs = {{ints({}), true}},
            .expected = {Tensor::scalar(int8_t{-3})}});
  CHECK(op_error({.node = node("ConstantOfShape"), .inputs = {{ints({-1})}}}).find("negative") != std::string::npos);
  CHECK(!op_error({.node = node("ConstantOfShape"), .inputs = {{ints({int64_t{1} << 40, int64_t{1} << 40})}}}).empty());
  check_op({.node = node("EyeLike", "", {{"k", int64_t{1}}}),
            .inputs = {{Tensor::zeros(DType::i32, {2, 3})}},
            .expected = {Tensor::of<int32_t>({2, 3}, {0, 1, 0, 0, 0, 1})}});
  check_op({.node = node("EyeLike", "", {{"k", std::numeric_limits<int64_t>::min()}}),
            .inputs = {{Tensor::zeros(DType::f32, {1, 1})}},
            .expected = {f({1, 1}, {0})}});
}

TEST_CASE("Range counts up, down and not at all") {
  auto range = [](int64_t a, int64_t b, int64_t d, Tensor want) {
    check_op({.node = node("Range"), .inputs = {number(a), number(b), number(d)}, .expected = {std::move(want)}});
  };
  range(3, 9, 3, ints({3, 6}));
  range(10, 4, -2, ints({10, 8, 6}));
  range(1, 1, 1, ints({}));
  range(5, 1, 1, ints({}));
  CHECK(op_error({.node = node("Range"), .inputs = {number(0), number(1), number(0)}}).find("delta 0") != std::string::npos);
  constexpr int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  CHECK(!op_error({.node = node("Range"), .inputs = {number(low), number(high), number(1)}}).empty());
  check_op({.node = node("Range"),
            .inputs = {{Tensor::scalar(0.0f)}, {Tensor::scalar(1.0f)}, {Tensor::scalar(0.25f)}},
            .expected = {f({4}, {0, 0.25f, 0.5f, 0.75f})},
            .dynamic = true});
}

TEST_CASE("windows follow their formulas, periodic and symmetric") {
  auto window = [](const char* op, int64_t periodic, int64_t size, Tensor want) {
    CAPTURE(op);
    check_op({.node = node(op, "", {{"periodic", periodic}}), .inputs = {number(size)}, .expected = {std::move(want)}});
  };
  window("HannWindow", 1, 4, f({4}, {0, 0.5f, 1, 0.5f}));
  window("HannWindow", 0, 3, f({3}, {0, 1, 0}));
  window("HammingWindow", 0, 3, f({3}, {4.0f / 46, 1, 4.0f / 46}));
  window("BlackmanWindow", 1, 2, f({2}, {0, 1}));
  window("HannWindow", 0, 1, f({1}, {1}));
  CHECK(!op_error({.node = node("HannWindow"), .inputs = {number(-1)}}).empty());
}

TEST_CASE("MelWeightMatrix has triangles that peak at one") {
  std::vector<Datum> out = check_op(
      {.node = node("MelWeightMatrix"), .inputs = {number(4), number(64), number(16000), {Tensor::scalar(0.0f)}, {Tensor::scalar(8000.0f)}}});
  const Tensor& m = out[0].tensor;
  REQUIRE(m.shape() == Shape{33, 4});
  for (int64_t band = 0; band < 4; ++band) {
    double top = 0;
    for (int64_t k = 0; k < 33; ++k) top = std::max(top, m.number(k * 4 + band));
    CHECK(top == 1);
  }
  CHECK(
      !op_error({.node = node("MelWeightMatrix"), .inputs = {number(4), number(64), number(100), {Tensor::scalar(0.0f)}, {Tensor::scalar(8000.0f)}}})
           .empty());
}

TEST_CASE("random operators keep to their distribution and to their seed") {
  std::vector<std::pair<std::string, graph::AttrValue>> seeded{{"seed", 7.0f}, {"shape", std::vector<int64_t>{10000}}};
  auto mean_and_deviation = [](const Tensor& t) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < t.size(); ++i) sum += t.number(i), square += t.number(i) * t.number(i);
    double mean = sum / static_cast<double>(t.size());
    return std::pair(mean, std::sqrt(square / static_cast<double>(t.size()) - mean * mean));
  };
  auto [m, d] = mean_and_deviation(check_op({.node = node("RandomNormal", "", seeded)})[0].tensor);
  CHECK(std::abs(m) < 0.05);
  CHECK(std::abs(d - 1) < 0.05);
  auto [um, ud] = mean_and_deviation(check_op({.node = node("RandomUniform", "", seeded)})[0].tensor);
  CHECK(std::abs(um - 0.5) < 0.02);
  CHECK(std::abs(ud - 0.2887) < 0.02);
  Tensor like = Tensor::zeros(DType::f32, {100, 100});
  CHECK(
      std::abs(
          mean_and_deviation(check_op({.node = node("RandomNormalLike", "", {{"mean", 3.0f}, {"seed", 2.0f}}), .inputs = {{like}}})[0].tensor).first -
          3) < 0.05);
  CHECK(std::abs(mean_and_deviation(check_op({.node = node("RandomUniformLike", "", {{"low", -1.0f}, {"seed", 3.0f}}), .inputs = {{like}}})[0].tensor)
                     .first) < 0.02);
  Tensor p = Tensor::of<float>({10000}, std::vector<float>(10000, 0.25f));
  CHECK(std::abs(mean_and_deviation(check_op({.node = node("Bernoulli", "", {{"seed", 1.0f}}), .inputs = {{p}}})[0].tensor).first - 0.25) < 0.02);
  Tensor logits = f({1, 2}, {0, std::log(3.0f)});
  Tensor draws = check_op({.node = node("Multinomial", "", {{"sample_size", int64_t{10000}}, {"seed", 4.0f}}), .inputs = {{logits}}})[0].tensor;
  CHECK(std::abs(mean_and_deviation(draws).first - 0.75) < 0.02);
  CHECK(!op_error({.node = node("Multinomial"), .inputs = {{Tensor::zeros(DType::f32, {1, 0})}}}).empty());
}

TEST_CASE("ImageDecoder gives pixels in three orders and refuses what is no picture") {
  std::string file = "P6\n2 1\n255\n";
  file += std::string("\x01\x02\x03\xff\x80\x00", 6);
  std::vector<uint8_t> bytes(file.begin(), file.end());
  KernelInput x{Tensor::of<uint8_t>({static_cast<int64_t>(bytes.size())}, bytes)};
  auto decode = [&](const char* format, Tensor want) {
    check_op(
        {.node = node("ImageDecoder", "", {{"pixel_format", std::string(format)}}), .inputs = {x}, .expected = {std::move(want)}, .dynamic = true});
  };
  decode("RGB", Tensor::of<uint8_t>({1, 2, 3}, {1, 2, 3, 255, 128, 0}));
  decode("BGR", Tensor::of<uint8_t>({1, 2, 3}, {3, 2, 1, 0, 128, 255}));
  decode("Grayscale", Tensor::of<uint8_t>({1, 2, 1}, {2, 151}));  // 0.299 r + 0.587 g + 0.114 b
  CHECK(!op_error({.node = node("ImageDecoder"), .inputs = {{Tensor::of<uint8_t>({3}, {1, 2, 3})}}}).empty());
}
