// Convolutions: hand-worked numbers, shapes around vector widths, zero-size dims, every dtype, attributes that do not fit.
#include <doctest/doctest.h>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

using Ints = std::vector<int64_t>;

Tensor floats(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), std::span<const float>(values)); }

}  // namespace

TEST_CASE("Conv slides the kernel, pads with zeros and adds the bias") {
  // 1-D: x = 1 2 3 4, w = 1 10, pad one in front, bias 100
  OpCase c{node("Conv", "", {{"pads", Ints{1, 0}}}), {{floats({1, 1, 4}, {1, 2, 3, 4})}, {floats({1, 1, 2}, {1, 10})}, {floats({1}, {100})}}};
  c.expected = {floats({1, 1, 4}, {110, 121, 132, 143})};
  check_op(c);
}

TEST_CASE("Conv agrees with itself through inference, planned memory and fast kernels around vector widths") {
  struct Size {
    int64_t n, c, m, group, h, w, k, stride, dilation, pad;
  };
  for (const Size& s : {Size{1, 3, 16, 1, 9, 9, 3, 1, 1, 1}, Size{2, 15, 17, 1, 7, 5, 1, 1, 1, 0}, Size{1, 16, 16, 16, 8, 8, 3, 2, 1, 1},
                        Size{1, 8, 64, 4, 6, 6, 3, 1, 2, 2}, Size{1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, Size{0, 3, 4, 1, 5, 5, 3, 1, 1, 0},
                        Size{1, 63, 65, 1, 3, 3, 3, 1, 1, 1}}) {
    CAPTURE(s.c);
    OpCase c{
        node("Conv", "",
             {{"group", s.group}, {"strides", Ints{s.stride, s.stride}}, {"dilations", Ints{s.dilation, s.dilation}}, {"pads", Ints(4, s.pad)}}),
        {{random_floats({s.n, s.c, s.h, s.w}, 1)}, constant(random_floats({s.m, s.c / s.group, s.k, s.k}, 2)), constant(random_floats({s.m}, 3))}};
    check_op(c);
  }
}

TEST_CASE("Conv keeps its dtype") {
  for (DType d : {DType::f16, DType::bf16, DType::f64}) {
    OpCase c{node("Conv"), {as_dtype(floats({1, 1, 3}, {1, 2, 4}), d), as_dtype(floats({1, 1, 2}, {1, 1}), d)}};
    c.expected = {floats({1, 1, 2}, {3, 6}).cast(d)};
    check_op(c);
  }
}

TEST_CASE("Conv refuses what does not fit, by name") {
  Tensor x = random_floats({1, 4, 5, 5}, 1), w = random_floats({4, 4, 3, 3}, 2);
  CHECK(op_error({node("Conv", "", {{"group", int64_t{3}}}), {{x}, {w}}}).find("groups") != std::string::npos);
  CHECK(op_error({node("Conv", "", {{"strides", Ints{0, 1}}}), {{x}, {w}}}).find("strides") != std::string::npos);
  CHECK(op_error({node("Conv", "", {{"pads", Ints{1, 1}}}), {{x}, {w}}}).find("pads") != std::string::npos);
  CHECK(op_error({node("Conv"), {{x}, {random_floats({4, 4, 7, 7}, 2)}}}).find("does not fit") != std::string::npos);
  CHECK(op_error({node("Conv"), {{x}, {random_floats({4, 3, 3, 3}, 2)}}}).find("channels") != std::string::npos);
  CHECK(op_error({node("Conv", "", {{"auto_pad", std::string("BOTH")}}), {{x}, {w}}}).find("auto_pad") != std::string::npos);
}

TEST_CASE("auto_pad splits an odd padding at the end or at the beginning") {
  Tensor x = floats({1, 1, 4}, {1, 2, 3, 4}), w = floats({1, 1, 2}, {1, 10});
  OpCase upper{node("Conv", "", {{"auto_pad", std::string("SAME_UPPER")}}), {{x}, {w}}};
  upper.expected = {floats({1, 1, 4}, {21, 32, 43, 4})};
  check_op(upper);
  OpCase lower{node("Conv", "", {{"auto_pad", std::string("SAME_LOWER")}}), {{x}, {w}}};
  lower.expected = {floats({1, 1, 4}, {10, 21, 32, 43})};
  check_op(lower);
}

TEST_CASE("ConvTranspose spreads each element over its window") {
  OpCase c{node("ConvTranspose", "", {{"strides", Ints{2}}}), {{floats({1, 1, 2}, {1, 2})}, {floats({1, 1, 3}, {1, 10, 100})}}};
  c.expected = {floats({1, 1, 5}, {1, 10, 102, 20, 200})};
  check_op(c);
  OpCase shaped = c;
  shaped.node.set("output_shape", Ints{4});
  shaped.expected = {floats({1, 1, 4}, {10, 102, 20, 200})};  // one element too many goes in front
  check_op(shaped);
  check_op({node("ConvTranspose", "", {{"group", int64_t{2}}, {"pads", Ints{1, 1, 1, 1}}}),
            {{random_floats({1, 4, 5, 5}, 1)}, constant(random_floats({4, 3, 3, 3}, 2))}});
}

TEST_CASE("ConvInteger counts padding as the zero point") {
  OpCase c{node("ConvInteger", "", {{"pads", Ints{1, 1}}}),
           {{Tensor::of<uint8_t>({1, 1, 2}, {5, 7})}, {Tensor::of<uint8_t>({1, 1, 3}, {1, 1, 1})}, {Tensor::scalar<uint8_t>(3)}, {}}};
  c.inputs.pop_back();
  c.expected = {Tensor::of<int32_t>({1, 1, 2}, {6, 6})};
  check_op(c);
}

TEST_CASE("QLinearConv scales, rounds half to even and saturates") {
  // sums 2 and -100 times 0.25: 0.5 rounds to 0, -25 + 10 saturates at 0
  OpCase c{node("QLinearConv"),
           {{Tensor::of<uint8_t>({1, 1, 2}, {2, 255})},
            {Tensor::scalar<float>(0.5f)},
            {Tensor::scalar<uint8_t>(0)},
            {Tensor::of<int8_t>({2, 1, 1}, {1, -100})},
            {Tensor::of<float>({2}, {0.5f, 0.5f})},
            {Tensor::of<int8_t>({2}, {0, 0})},
            {Tensor::scalar<float>(1.0f)},
            {Tensor::scalar<uint8_t>(10)}}};
  c.expected = {Tensor::of<uint8_t>({1, 2, 2}, {10, 74, 0, 0})};
  check_op(c);
}
