// Operators that no node test runs: hand-worked numbers.
#include <doctest/doctest.h>

#include <cmath>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {
using Ints = std::vector<int64_t>;
Tensor floats(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), std::span<const float>(values)); }
}  // namespace

TEST_CASE("GlobalLpPool is the norm of each plane") {
  OpCase c{node("GlobalLpPool"), {{floats({1, 2, 2}, {3, -4, 0, 2})}}};
  c.expected = {floats({1, 2, 1}, {5, 2})};
  check_op(c);
  OpCase p1{node("GlobalLpPool", "", {{"p", int64_t{1}}}), {{floats({1, 2, 2}, {3, -4, 0, 2})}}};
  p1.expected = {floats({1, 2, 1}, {7, 2})};
  check_op(p1);
  check_op({node("GlobalLpPool"), {{random_floats({0, 2, 3, 3}, 1)}}});
}

TEST_CASE("MaxRoiPool takes the largest element of each cell of a region") {
  std::vector<float> x(16);
  for (size_t i = 0; i < 16; ++i) x[i] = static_cast<float>(i);
  // region x 0..3, y 0..3 in cells of 2 x 2; then the single element (1, 2)
  OpCase c{node("MaxRoiPool", "", {{"pooled_shape", Ints{2, 2}}}), {{floats({1, 1, 4, 4}, x)}, {floats({2, 5}, {0, 0, 0, 3, 3, 0, 1, 2, 1, 2})}}};
  c.expected = {floats({2, 1, 2, 2}, {5, 7, 13, 15, 9, 9, 9, 9})};
  check_op(c);
  CHECK(op_error({node("MaxRoiPool", "", {{"pooled_shape", Ints{2, 2}}}), {{floats({1, 1, 4, 4}, x)}, {floats({1, 5}, {1, 0, 0, 3, 3})}}})
            .find("batch index") != std::string::npos);
}

TEST_CASE("MatMulNBits multiplies by (q - zero point) * scale") {
  // K = 32 in two blocks of 16, N = 1; q = 9 in block 0 and 6 in block 1, default zero point 8
  std::vector<uint8_t> packed(16);
  for (size_t i = 0; i < 16; ++i) packed[i] = i < 8 ? 0x99 : 0x66;
  Tensor b = Tensor::of<uint8_t>({1, 2, 8}, std::span<const uint8_t>(packed)),
         a = Tensor::of<float>({1, 32}, std::span<const float>(std::vector<float>(32, 1.0f)));
  std::vector<std::pair<std::string, graph::AttrValue>> attributes{
      {"K", int64_t{32}}, {"N", int64_t{1}}, {"bits", int64_t{4}}, {"block_size", int64_t{16}}};
  OpCase c{node("MatMulNBits", "com.microsoft", attributes), {{a}, constant(b), constant(floats({1, 2}, {0.5f, 2.0f}))}};
  c.expected = {floats({1, 1}, {16 * 0.5f + 16 * -2 * 2.0f})};
  check_op(c);
  c.inputs.push_back({Tensor::of<uint8_t>({1, 1}, {0x79})});  // zero points 9 and 7
  c.expected = {floats({1, 1}, {16 * -1 * 2.0f})};
  check_op(c);
  CHECK(op_error({node("MatMulNBits", "com.microsoft", attributes),
                  {{a}, {Tensor::of<uint8_t>({1, 1, 8}, std::span<const uint8_t>(packed.data(), 8))}, {floats({1, 2}, {1, 1})}}})
            .find("B has shape") != std::string::npos);
}

TEST_CASE("products accept every rank, empty sums and refuse what does not fit") {
  check_op({node("MatMul"), {{random_floats({3, 0}, 1)}, {random_floats({0, 4}, 2)}}});
  OpCase empty{node("MatMul"), {{random_floats({2, 0}, 1)}, {random_floats({0, 2}, 2)}}};
  empty.expected = {floats({2, 2}, {0, 0, 0, 0})};
  check_op(empty);
  check_op({node("MatMul"), {{random_floats({0, 3, 4}, 1)}, {random_floats({4, 5}, 2)}}});
  OpCase wraps{node("MatMul"), {{Tensor::of<int32_t>({1, 1}, {INT32_MAX})}, {Tensor::of<int32_t>({1, 1}, {2})}}};
  wraps.expected = {Tensor::of<int32_t>({1, 1}, {-2})};
  check_op(wraps);
  CHECK(op_error({node("MatMul"), {{random_floats({2, 3}, 1)}, {random_floats({4, 2}, 2)}}}).find("no matrix product") != std::string::npos);
  CHECK(op_error({node("MatMul"), {{Tensor::scalar<float>(1)}, {random_floats({4, 2}, 2)}}}).find("no matrix product") != std::string::npos);
}

TEST_CASE("QuantizeLinear rounds half to even, saturates and packs narrow types") {
  Tensor x = floats({6}, {0.5f, 1.5f, -1.5f, 300, -300, std::nanf("")}), one = Tensor::scalar<float>(1);
  OpCase c{node("QuantizeLinear"), {{x}, constant(one), constant(Tensor::scalar<int8_t>(0))}};
  c.expected = {Tensor::of<int8_t>({6}, {0, 2, -2, 127, -128, 0})};
  c.candidates = false;  // what NaN becomes is the reference's own choice
  check_op(c);
  Tensor zero = Tensor::zeros(DType::i4, {});
  OpCase narrow{node("QuantizeLinear"), {{x}, constant(one), constant(zero)}};
  std::vector<Datum> q = check_op(narrow);
  CHECK(q[0].tensor.integers() == Ints{0, 2, -2, 7, -8, 0});
  OpCase back{node("DequantizeLinear"), {{q[0].tensor}, constant(Tensor::scalar<float>(0.5f)), constant(zero)}};
  back.expected = {floats({6}, {0, 1, -1, 3.5f, -4, 0})};
  check_op(back);
}

TEST_CASE("loops that never run give empty stacks") {
  graph::Graph body = graph::parse("(int64[] i, bool[] c, float32[2] x) -> (k, y, s) { k = Identity(c); y = Neg(x); s = Identity(x); }");
  OpCase c{node("Loop", "", {{"body", std::make_shared<const graph::Graph>(body)}}),
           {{Tensor::scalar<int64_t>(0)}, {Tensor::scalar<bool>(true)}, {floats({2}, {1, 2})}},
           2};
  c.dynamic = true;
  c.candidates = false;
  std::vector<Datum> out = check_op(c);
  CHECK(out[0].tensor.floats() == std::vector<float>{1, 2});
  CHECK(out[1].tensor.shape() == Shape{0, 2});
  c.inputs[0].tensor = Tensor::scalar<int64_t>(3);
  out = check_op(c);
  CHECK(out[0].tensor.floats() == std::vector<float>{-1, -2});
  CHECK(out[1].tensor.floats() == std::vector<float>{1, 2, -1, -2, 1, 2});
}

TEST_CASE("LSTM on no steps returns its initial state") {
  OpCase c{node("LSTM", "", {{"hidden_size", int64_t{2}}}),
           {{random_floats({0, 1, 3}, 1)},
            constant(random_floats({1, 8, 3}, 2)),
            constant(random_floats({1, 8, 2}, 3)),
            {},
            {},
            {floats({1, 1, 2}, {1, 2})},
            {floats({1, 1, 2}, {3, 4})}},
           3};
  std::vector<Datum> out = check_op(c);
  CHECK(out[0].tensor.shape() == Shape{0, 1, 1, 2});
  CHECK(out[1].tensor.floats() == std::vector<float>{1, 2});
  CHECK(out[2].tensor.floats() == std::vector<float>{3, 4});
}
