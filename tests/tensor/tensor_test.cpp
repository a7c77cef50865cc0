// Storage is shared until written; conversions follow ONNX Cast.
#include <doctest/doctest.h>

#include "tensor/tensor.h"

using namespace mo;

TEST_CASE("copies share storage until one is written") {
  Tensor a = Tensor::of<float>({2}, {1, 2});
  Tensor b = a;
  CHECK(b.shares_storage(a));
  b.mutable_data<float>()[0] = 9;
  CHECK_FALSE(b.shares_storage(a));
  CHECK(a.number(0) == 1);
  CHECK(b.number(0) == 9);
}

TEST_CASE("borrowed memory is written in place, adopted memory is not") {
  float memory[2] = {1, 2};
  Tensor t = Tensor::borrow(DType::f32, {2}, memory);
  t.mutable_data<float>()[1] = 5;
  CHECK(memory[1] == 5);
  Tensor u = Tensor::adopt(DType::f32, {2}, memory, nullptr);
  u.mutable_data<float>()[1] = 7;
  CHECK(memory[1] == 5);
}

TEST_CASE("sizes are checked") {
  CHECK_THROWS_AS(Tensor::allocate(DType::f32, {int64_t{1} << 62, 8}), Error);
  CHECK_THROWS_AS(Tensor::allocate(DType::f32, {-1}), Error);
  CHECK(Tensor::allocate(DType::f32, {3, 0, int64_t{1} << 40}).size() == 0);
  CHECK(Tensor::allocate(DType::i4, {3}).bytes() == 2);
  CHECK_THROWS_AS((Tensor::of<float>({3}, {1, 2})), Error);
  CHECK_THROWS_AS(Tensor::scalar(1.0f).data<double>(), Error);
}

TEST_CASE("casts truncate to integers and round to nearest even to narrow floats") {
  Tensor t = Tensor::of<float>({4}, {-1.9f, 1.9f, 300.f, 0.f});
  CHECK(t.cast(DType::i32).integers() == std::vector<int64_t>{-1, 1, 300, 0});
  CHECK(t.cast(DType::boolean).integers() == std::vector<int64_t>{1, 1, 1, 0});
  CHECK(Tensor::scalar(1.00390625f).cast(DType::bf16).number() == 1.0);  // tie to even
  CHECK(Tensor::scalar(1.01171875f).cast(DType::bf16).number() == 1.015625);
  Tensor packed = Tensor::of<int32_t>({3}, {-8, 7, -1}).cast(DType::i4);
  CHECK(packed.integers() == std::vector<int64_t>{-8, 7, -1});
}

TEST_CASE("strings live in tensors") {
  Tensor t = Tensor::of<std::string>({2}, {std::string("a"), std::string("bc")});
  CHECK(t.bytes() == 3);
  CHECK(identical(t, t.clone()));
  CHECK(Tensor::allocate(DType::string, {0}).size() == 0);
}
