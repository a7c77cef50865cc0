// Cast, CastLike and BitCast: every dtype, strings, rounding, and the opset each needs.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ops/op.h"
#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

int64_t number(DType d) { return static_cast<int64_t>(d); }
Tensor f(std::initializer_list<float> v) { return Tensor::of<float>({static_cast<int64_t>(v.size())}, v); }
Tensor words(std::initializer_list<std::string> v) { return Tensor::of<std::string>({static_cast<int64_t>(v.size())}, v); }
void cast(Tensor x, Tensor want) {
  check_op({.node = node("Cast", "", {{"to", number(want.dtype())}}), .inputs = {{std::move(x)}}, .expected = {want}});
}

}  // namespace

TEST_CASE("Cast keeps small whole numbers through every numeric dtype and back") {
  Tensor x = f({0, 1});
  for (int d = 1; d <= 28; ++d) {
    DType dtype = static_cast<DType>(d);
    if (dtype == DType::c64 || dtype == DType::c128 || dtype == DType::i2 || dtype == DType::f8e8m0) continue;  // 1 or 0 has no place there
    CAPTURE(name(dtype));
    Tensor there = check_op({.node = node("Cast", "", {{"to", number(dtype)}}), .inputs = {{x}}})[0].tensor;
    CHECK(there.dtype() == dtype);
    cast(there, x);
  }
}

TEST_CASE("Cast truncates floats, wraps integers, tells zero from the rest") {
  cast(f({-1.75f, 2.5f}), Tensor::of<int32_t>({2}, {-1, 2}));
  cast(Tensor::of<int16_t>({1}, {200}), Tensor::of<int8_t>({1}, {-56}));
  cast(f({0.0f, -0.0f, 0.1f, std::nanf("")}), Tensor::of<bool>({4}, {false, false, true, true}));
  cast(Tensor::of<bool>({2}, {true, false}), f({1, 0}));
  cast(Tensor::of<double>({1}, {1e300}), f({std::numeric_limits<float>::infinity()}));
}

TEST_CASE("Cast reads and prints numbers") {
  cast(words({"3.5", " -1e2", "+INF", "nan", "7"}), f({3.5f, -100, std::numeric_limits<float>::infinity(), std::nanf(""), 7}));
  cast(words({"100.5", "9223372036854775807"}), Tensor::of<int64_t>({2}, {100, 9223372036854775807}));
  cast(f({0.1f, -2, 1e-7f, std::nanf("")}), words({"0.1", "-2.0", "1e-07", "nan"}));
  cast(Tensor::of<int64_t>({1}, {-12}), words({"-12"}));
  CHECK(op_error({.node = node("Cast", "", {{"to", number(DType::f32)}}), .inputs = {{words({"Hello"})}}}).find("not a number") != std::string::npos);
}

TEST_CASE("Cast refuses numbers that name no dtype") {
  for (int64_t to : {int64_t{0}, int64_t{99}, int64_t{-1}, int64_t{1} << 40, number(DType::c64)})
    CHECK(!op_error({.node = node("Cast", "", {{"to", to}}), .inputs = {{f({1})}}}).empty());
}

TEST_CASE("CastLike takes the dtype of its second input, BitCast keeps the bits") {
  check_op({.node = node("CastLike"), .inputs = {{f({1.9f})}, {Tensor::scalar(int8_t{0})}}, .expected = {Tensor::of<int8_t>({1}, {1})}});
  check_op({.node = node("BitCast", "", {{"to", number(DType::u32)}}), .inputs = {{f({1})}}, .expected = {Tensor::of<uint32_t>({1}, {0x3f800000u})}});
  CHECK(op_error({.node = node("BitCast", "", {{"to", number(DType::u8)}}), .inputs = {{f({1})}}}).find("width") != std::string::npos);
}

TEST_CASE("the opset asked for follows dtypes and attributes") {
  auto since = [](graph::Node n, DType dtype) {
    const ops::OpDef& d = ops::get(n);
    graph::Type t = graph::Type::tensor(dtype);
    return d.since_of ? d.since_of(n, {&t, 1}) : d.since;
  };
  CHECK(since(node("Relu"), DType::f32) == 7);
  CHECK(since(node("Relu"), DType::bf16) == 13);
  CHECK(since(node("Relu"), DType::i8) == 14);
  CHECK(since(node("Cast", "", {{"to", number(DType::f8e5m2)}}), DType::f32) == 19);
  CHECK(since(node("Cast", "", {{"to", number(DType::i32)}, {"saturate", int64_t{1}}}), DType::f32) == 19);
  CHECK(since(node("Reshape"), DType::i4) == 21);
  CHECK(since(node("Reshape", "", {{"allowzero", int64_t{0}}}), DType::f32) == 14);
  CHECK(since(node("DepthToSpace", "", {{"mode", std::string("DCR")}}), DType::f32) == 11);
  CHECK(since(node("Mod"), DType::f32) == 28);
  CHECK(since(node("Mod"), DType::i32) == 10);
  CHECK(since(node("ScatterND", "", {{"reduction", std::string("max")}}), DType::f32) == 18);
}
