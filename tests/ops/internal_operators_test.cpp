// The operators of domain mo against the chains of standard operators that docs/internal_operators.md says they stand for.
#include <doctest/doctest.h>

#include "ops/epilogue.h"
#include "ops/interpret.h"
#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

using Ints = std::vector<int64_t>;

// Runs one standard operator.
Tensor apply(graph::Node n, const std::vector<Tensor>& inputs) {
  std::vector<Datum> in;
  for (size_t i = 0; i < inputs.size(); ++i) {
    n.inputs.push_back(inputs[i] ? static_cast<graph::ValueId>(i) : graph::k_none);
    in.push_back(inputs[i] ? Datum(inputs[i]) : Datum());
  }
  n.outputs = {1000};
  return ops::interpret_node(n, in)[0].tensor;
}

Tensor dequantize(const Tensor& q, const Tensor& scale, const Tensor& zp, int64_t axis = 1) {
  return apply(node("DequantizeLinear", "", {{"axis", axis}}), {q, scale, zp});
}
Tensor quantize(const Tensor& x, const Tensor& scale, const Tensor& zp) { return apply(node("QuantizeLinear"), {x, scale, zp}); }

int64_t farthest(const Tensor& a, const Tensor& b) {
  REQUIRE(a.dtype() == b.dtype());
  REQUIRE(a.shape() == b.shape());
  int64_t worst = 0;
  for (int64_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a.integer(i) - b.integer(i)));
  return worst;
}

const Tensor k_xs = Tensor::scalar<float>(0.02f), k_xz = Tensor::scalar<uint8_t>(128), k_ys = Tensor::scalar<float>(0.05f),
             k_yz = Tensor::scalar<uint8_t>(120);

}  // namespace

TEST_CASE("mo.Conv is quantize(relu(conv(dequantize, dequantize) + bias) + residual)") {
  Tensor x = random_bytes(DType::u8, {1, 5, 7, 7}, 1), w = random_bytes(DType::i8, {6, 5, 3, 3}, 2), r = random_bytes(DType::u8, {1, 6, 7, 7}, 3);
  Tensor ws = random_floats({6}, 4, 0.001f, 0.01f), wz = Tensor::zeros(DType::i8, {6}), bias = random_floats({6}, 5);
  OpCase c{node("Conv", "mo", {{"pads", Ints{1, 1, 1, 1}}}),
           {{x},
            constant(w),
            constant(bias),
            {r},
            constant(k_xs),
            constant(k_xz),
            constant(ws),
            constant(wz),
            constant(k_ys),
            constant(k_yz),
            constant(k_xs),
            constant(k_xz)}};
  ops::append_post(c.node, "relu");
  ops::append_post(c.node, "add");
  Tensor got = check_op(c)[0].tensor;
  Tensor real = apply(node("Conv", "", {{"pads", Ints{1, 1, 1, 1}}}), {dequantize(x, k_xs, k_xz), dequantize(w, ws, wz, 0), bias});
  real = apply(node("Add"), {apply(node("Relu"), {real}), dequantize(r, k_xs, k_xz)});
  CHECK(farthest(got, quantize(real, k_ys, k_yz)) <= 1);  // ties may round either way
}

TEST_CASE("mo.Conv takes int32 biases in units of the product of the scales") {
  OpCase c{node("Conv", "mo"),
           {{Tensor::of<uint8_t>({1, 1, 1}, {10})},
            {Tensor::of<int8_t>({1, 1, 1}, {3})},
            {Tensor::of<int32_t>({1}, {70})},
            {},
            {Tensor::scalar<float>(0.5f)},
            {},
            {Tensor::scalar<float>(0.25f)}}};
  c.expected = {Tensor::of<float>({1, 1, 1}, {12.5f})};  // (10 * 3 + 70) / 8
  check_op(c);
}

TEST_CASE("mo.MatMul is quantize(dequantize dequantize + bias) with columns of their own scales") {
  Tensor a = random_bytes(DType::u8, {3, 4, 17}, 1), b = random_bytes(DType::i8, {17, 9}, 2), bs = random_floats({9}, 3, 0.001f, 0.01f),
         bias = random_floats({9}, 4);
  Tensor bz = Tensor::zeros(DType::i8, {9});
  OpCase c{node("MatMul", "mo"),
           {{a}, constant(b), constant(bias), {}, constant(k_xs), constant(k_xz), constant(bs), constant(bz), constant(k_ys), constant(k_yz)}};
  Tensor got = check_op(c)[0].tensor;
  Tensor real = apply(node("Add"), {apply(node("MatMul"), {dequantize(a, k_xs, k_xz), dequantize(b, bs, bz)}), bias});
  CHECK(farthest(got, quantize(real, k_ys, k_yz)) <= 1);
}

TEST_CASE("mo.MatMul transposes its operands and its result") {
  Tensor a = random_floats({2, 5, 3, 8}, 1), b = random_floats({2, 6, 3, 8}, 2);
  OpCase c{node("MatMul", "mo",
                {{"perm_a", Ints{0, 2, 1, 3}}, {"perm_b", Ints{0, 2, 1, 3}}, {"trans_b", int64_t{1}}, {"perm_y", Ints{0, 2, 1, 3}}, {"alpha", 0.5f}}),
           {{a}, {b}}};
  Tensor at = apply(node("Transpose", "", {{"perm", Ints{0, 2, 1, 3}}}), {a}), bt = apply(node("Transpose", "", {{"perm", Ints{0, 2, 3, 1}}}), {b});
  Tensor y = apply(node("Mul"), {apply(node("MatMul"), {at, bt}), Tensor::scalar<float>(0.5f)});
  c.expected = {apply(node("Transpose", "", {{"perm", Ints{0, 2, 1, 3}}}), {y})};
  check_op(c);
}

TEST_CASE("mo.Binary is quantize(dequantize op dequantize)") {
  Tensor a = random_bytes(DType::u8, {2, 3, 5}, 1), b = random_bytes(DType::u8, {3, 1}, 2);
  for (const auto& [word, op] : {std::pair{"add", "Add"}, {"sub", "Sub"}, {"mul", "Mul"}, {"min", "Min"}, {"max", "Max"}}) {
    CAPTURE(word);
    OpCase c{node("Binary", "mo", {{"op", std::string(word)}}),
             {{a}, {b}, constant(k_xs), constant(k_xz), constant(k_xs), constant(k_xz), constant(k_ys), constant(k_yz)}};
    Tensor got = check_op(c)[0].tensor;
    CHECK(farthest(got, quantize(apply(node(op), {dequantize(a, k_xs, k_xz), dequantize(b, k_xs, k_xz)}), k_ys, k_yz)) <= 1);
  }
}

TEST_CASE("mo.Lookup reads the table at the bits of x") {
  std::vector<uint8_t> entries(256);
  for (size_t i = 0; i < 256; ++i) entries[i] = static_cast<uint8_t>(255 - i);
  Tensor table = Tensor::of<uint8_t>({256}, std::span<const uint8_t>(entries));
  OpCase c{node("Lookup", "mo"), {{Tensor::of<int8_t>({4}, {0, 1, -1, -128})}, constant(table)}};
  c.expected = {Tensor::of<uint8_t>({4}, {255, 254, 0, 127})};
  check_op(c);
  check_op({node("Lookup", "mo"), {{random_bytes(DType::u8, {3, 0, 5}, 1)}, constant(table)}});
}

TEST_CASE("mo.Pool is quantize(pool(dequantize))") {
  Tensor x = random_bytes(DType::u8, {2, 3, 7, 6}, 1);
  OpCase c{node("Pool", "mo", {{"op", std::string("average")}, {"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}),
           {{x}, constant(k_xs), constant(k_xz), constant(k_ys), constant(k_yz)}};
  Tensor real = apply(node("AveragePool", "", {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}),
                      {dequantize(x, k_xs, k_xz)});
  CHECK(farthest(check_op(c)[0].tensor, quantize(real, k_ys, k_yz)) <= 1);
  OpCase global{node("Pool", "mo", {{"op", std::string("global_average")}}), {{x}, constant(k_xs), constant(k_xz), constant(k_ys), constant(k_yz)}};
  CHECK(farthest(check_op(global)[0].tensor, quantize(apply(node("GlobalAveragePool"), {dequantize(x, k_xs, k_xz)}), k_ys, k_yz)) <= 1);
}

TEST_CASE("mo.Concat brings every part to the output's scale") {
  Tensor a = Tensor::of<uint8_t>({1, 2}, {128, 130}), b = Tensor::of<uint8_t>({1, 1}, {10});
  OpCase c{node("Concat", "mo", {{"axis", int64_t{1}}}),
           {{Tensor::scalar<float>(0.5f)},
            {Tensor::scalar<uint8_t>(0)},
            {a},
            {Tensor::scalar<float>(1.0f)},
            {Tensor::scalar<uint8_t>(128)},
            {b},
            {Tensor::scalar<float>(0.5f)},
            {Tensor::scalar<uint8_t>(3)}}};
  c.expected = {Tensor::of<uint8_t>({1, 3}, {0, 4, 7})};
  check_op(c);
}
