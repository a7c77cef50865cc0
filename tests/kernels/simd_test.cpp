// Own vector kernels against the reference, for every instruction set of this machine.
#include "kernels/cpu/simd.h"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "ops/epilogue.h"
#include "ops/op.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;
using kernels::Isa;

namespace {

// Runs `body` with kernels limited to each instruction set in turn.
template <class F>
void for_each_isa(const F& body) {
  for (Isa most : {Isa::scalar, Isa::avx2, Isa::avx512_vnni}) {
    kernels::limit_isa(most);
    CAPTURE(kernels::isa_name());
    body();
  }
  kernels::limit_isa(Isa::avx512_vnni);
}

const Shape k_shapes[] = {{1}, {15}, {16, 17}, {2, 3, 5, 7}, {1, 65, 3, 3}};

}  // namespace

TEST_CASE("elementwise kernels equal the reference on odd sizes") {
  for_each_isa([] {
    for (const Shape& s : k_shapes)
      for (const char* op :
           {"Relu", "LeakyRelu", "Sigmoid",  "Tanh",     "HardSigmoid", "HardSwish",       "Gelu",  "Elu",  "Celu",  "Selu", "Exp", "Abs",
            "Neg",  "Erf",       "Softplus", "Softsign", "Mish",        "ThresholdedRelu", "Floor", "Ceil", "Round", "Swish"}) {
        if (!ops::find(op, "")) continue;
        CAPTURE(op);
        CHECK(check_candidates({node(op), {{random_floats(s, 1, -6, 6)}}}).fast());
      }
    for (const char* op : {"Log", "Sqrt", "Reciprocal"})
      if (ops::find(op, "")) CHECK(check_candidates({node(op), {{random_floats({67}, 2, 0.01f, 30)}}}).fast());
  });
}

TEST_CASE("exp, sigmoid, tanh and erf hold at the ends of the range") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  Tensor x = Tensor::of<float>({14}, {0.0f, -0.0f, 88.5f, 89.0f, -87.0f, -90.0f, -104.0f, inf, -inf, nan, 1e-20f, 100.0f, -100.0f, 3.9f});
  for_each_isa([&] {
    for (const char* op : {"Sigmoid", "Tanh", "Erf"})
      if (ops::find(op, "")) CHECK(check_candidates({node(op), {{x}}}).fast());
    Tensor small = Tensor::of<float>({6}, {0.0f, 20.0f, -20.0f, -200.0f, -inf, 1e-3f});
    if (ops::find("Exp", "")) CHECK(check_candidates({node("Exp"), {{small}}}).fast());
  });
}

TEST_CASE("binary kernels broadcast like numpy in both layouts") {
  const std::pair<Shape, Shape> shapes[] = {{{2, 3, 5, 7}, {2, 3, 5, 7}},
                                            {{2, 3, 5, 7}, {3, 1, 1}},
                                            {{2, 3, 5, 7}, {2, 3, 1, 1}},
                                            {{2, 3, 5, 7}, {1}},
                                            {{2, 3, 5, 7}, {7}},
                                            {{1, 3, 1, 1}, {2, 3, 4, 5}},
                                            {{4, 1}, {1, 9}},
                                            {{}, {5}},
                                            {{2, 3, 5, 7}, {5, 7}}};
  for_each_isa([&] {
    for (const auto& [a, b] : shapes)
      for (const char* op : {"Add", "Sub", "Mul", "Div", "PRelu", "Min", "Max"}) {
        if (!ops::find(op, "")) continue;
        if (std::string(op) == "PRelu" && b.size() > a.size()) continue;
        if (std::string(op) == "PRelu" && a == Shape{1, 3, 1, 1}) continue;
        if (std::string(op) == "PRelu" && a == Shape{4, 1}) continue;
        CAPTURE(op);
        for (bool fixed : {false, true}) CHECK(check_candidates({node(op), {{random_floats(a, 1)}, {random_floats(b, 2, 0.5f, 2), fixed}}}).fast());
      }
  });
}

TEST_CASE("8-bit arithmetic equals the reference up to one step") {
  for_each_isa([] {
    for (const char* op : {"add", "sub", "mul", "max"})
      for (DType t : {DType::u8, DType::i8})
        for (bool relu : {false, true}) {
          Tensor z = t == DType::u8 ? Tensor::scalar<uint8_t>(100) : Tensor::scalar<int8_t>(-20);
          KernelCase c{node("Binary", "mo", {{"op", std::string(op)}}),
                       {{random_bytes(t, {2, 5, 4, 9}, 1)},
                        {random_bytes(t, {2, 5, 4, 9}, 2)},
                        constant(Tensor::scalar(0.03f)),
                        constant(z),
                        constant(Tensor::scalar(0.05f)),
                        constant(z),
                        constant(Tensor::scalar(0.06f)),
                        constant(z)}};
          if (relu) ops::append_post(c.node, "relu");
          c.steps = 1;
          CHECK(check_candidates(c).fast());
          c.inputs[1] = {random_floats({5, 1, 1}, 3)};
          c.inputs[4] = c.inputs[5] = {};
          CHECK(check_candidates(c).fast());
        }
  });
}

TEST_CASE("softmax and normalisation equal the reference") {
  for_each_isa([] {
    for (const Shape& s : {Shape{3, 17}, Shape{2, 5, 6, 7}, Shape{1, 130}})
      for (int64_t axis = -1; axis < static_cast<int64_t>(s.size()); ++axis)
        for (const char* op : {"Softmax", "LogSoftmax"}) {
          if (!ops::find(op, "")) continue;
          CHECK(check_candidates({node(op, "", {{"axis", axis}}), {{random_floats(s, 1, -5, 5)}}}).fast());
        }
    for (int64_t n : {1, 15, 64, 65, 768}) {
      KernelCase c{node("LayerNormalization"), {{random_floats({3, 2, n}, 1)}, constant(random_floats({n}, 2)), constant(random_floats({n}, 3))}};
      if (ops::find("LayerNormalization", "")) CHECK(check_candidates(c).fast());
      c.node.op = "RMSNormalization";
      c.inputs.resize(2);
      if (ops::find("RMSNormalization", "")) CHECK(check_candidates(c).fast());
    }
    KernelCase bn{node("BatchNormalization"),
                  {{random_floats({2, 17, 3, 5}, 1)},
                   constant(random_floats({17}, 2)),
                   constant(random_floats({17}, 3)),
                   constant(random_floats({17}, 4)),
                   constant(random_floats({17}, 5, 0.1f, 2))}};
    if (ops::find("BatchNormalization", "")) CHECK(check_candidates(bn).fast());
  });
}

TEST_CASE("reductions equal the reference in both layouts") {
  for_each_isa([] {
    for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1", "ReduceSumSquare"}) {
      if (!ops::find(op, "")) continue;
      CAPTURE(op);
      for (const std::vector<int64_t>& axes : {std::vector<int64_t>{2, 3}, {3}, {0}, {-1, -2, -3}, {1}, {0, 1, 2, 3}})
        CHECK(check_candidates(
                  {node(op), {{random_floats({2, 67, 5, 7}, 1)}, constant(Tensor::of<int64_t>({static_cast<int64_t>(axes.size())}, axes))}})
                  .ran.size() <= 1);
    }
    for (const char* op : {"GlobalAveragePool", "GlobalMaxPool"})
      if (ops::find(op, "")) CHECK(check_candidates({node(op), {{random_floats({2, 67, 5, 7}, 1)}}}).fast());
  });
}

TEST_CASE("quantizing and table look-up equal the reference exactly") {
  for_each_isa([] {
    for (DType t : {DType::u8, DType::i8}) {
      Tensor z = t == DType::u8 ? Tensor::scalar<uint8_t>(3) : Tensor::scalar<int8_t>(-7);
      CHECK(check_candidates({node("QuantizeLinear"), {{random_floats({3, 67}, 1, -20, 20)}, constant(Tensor::scalar(0.1f)), constant(z)}}).fast());
      CHECK(check_candidates({node("DequantizeLinear"), {{random_bytes(t, {3, 67}, 1)}, constant(Tensor::scalar(0.1f)), constant(z)}}).fast());
      CHECK(check_candidates({node("DequantizeLinear", "", {{"axis", int64_t{0}}}),
                              {{random_bytes(t, {3, 67}, 1)}, constant(random_floats({3}, 2, 0.1f, 1)), constant(random_bytes(t, {3}, 3))}})
                .fast());
      CHECK(check_candidates({node("DequantizeLinear", "", {{"axis", int64_t{1}}}),
                              {{random_bytes(t, {3, 67}, 1)}, constant(random_floats({67}, 2, 0.1f, 1)), constant(random_bytes(t, {67}, 3))}})
                .fast());
      CHECK(check_candidates({node("Lookup", "mo"), {{random_bytes(t, {5, 131}, 1)}, constant(random_bytes(DType::i8, {256}, 2))}}).fast());
    }
    CHECK(check_candidates({node("Lookup", "mo"), {{random_bytes(DType::u8, {5, 131}, 1)}, constant(random_floats({256}, 2))}}).fast());
  });
}

TEST_CASE("quantizing rounds ties to even and saturates") {
  Tensor x = Tensor::of<float>({8}, {0.5f, 1.5f, -0.5f, 2.5f, 1e9f, -1e9f, 254.5f, 255.5f});
  for_each_isa([&] {
    CHECK(check_candidates({node("QuantizeLinear"), {{x}, constant(Tensor::scalar(1.0f)), constant(Tensor::scalar<uint8_t>(0))}}).fast());
  });
}

TEST_CASE("copies equal the reference for every width") {
  for (DType t : {DType::u8, DType::f32, DType::i64, DType::f16}) {
    Tensor x = random_bytes(t == DType::f32 ? DType::i32 : t, {3, 5, 4, 6}, 1);
    for (const std::vector<int64_t>& perm : {std::vector<int64_t>{0, 2, 1, 3}, {3, 2, 1, 0}, {0, 2, 3, 1}, {1, 0, 2, 3}})
      if (ops::find("Transpose", "")) CHECK(check_candidates({node("Transpose", "", {{"perm", perm}}), {{x}}}).fast());
    if (ops::find("Concat", "")) CHECK(check_candidates({node("Concat", "", {{"axis", int64_t{1}}}), {{x}, {x}}}).fast());
    Tensor index = Tensor::of<int64_t>({2, 2}, {0, -1, 2, 1});
    if (ops::find("Gather", "")) CHECK(check_candidates({node("Gather", "", {{"axis", int64_t{1}}}), {{x}, {index}}}).fast());
    for (int64_t n : {6, 70}) {  // a channel shuffle and any other order, known when the plan is made
      Tensor wide = random_bytes(t == DType::f32 ? DType::i32 : t, {2, n, 3, 3}, 1), shuffled = Tensor::allocate(DType::i64, {n});
      for (int64_t shift : {0, 1}) {
        for (int64_t i = 0; i < n; ++i) shuffled.mutable_data<int64_t>()[i] = (i / 2 + i % 2 * (n / 2) + shift) % n;
        CHECK(check_candidates({node("Gather", "", {{"axis", int64_t{1}}}), {{wide}, constant(shuffled)}}).fast());
      }
    }
  }
}

TEST_CASE("pools equal the reference") {
  for (const char* op : {"MaxPool", "AveragePool"})
    for (int64_t ceil : {0, 1})
      if (ops::find(op, ""))
        CHECK(check_candidates({node(op, "",
                                     {{"kernel_shape", std::vector<int64_t>{3, 3}},
                                      {"strides", std::vector<int64_t>{2, 2}},
                                      {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                                      {"ceil_mode", ceil}}),
                                {{random_floats({2, 19, 10, 9}, 1)}}})
                  .fast());
  CHECK(check_candidates({node("Pool", "mo", {{"op", std::string("global_average")}}),
                          {{random_bytes(DType::u8, {2, 19, 7, 7}, 1)},
                           constant(Tensor::scalar(0.1f)),
                           constant(Tensor::scalar<uint8_t>(9)),
                           constant(Tensor::scalar(0.07f)),
                           constant(Tensor::scalar<uint8_t>(0))},
                          1,
                          1e-5f,
                          1})
            .fast());
}

TEST_CASE("8-bit average pools give the integers of the reference") {
  for (DType x : {DType::u8, DType::i8})
    for (int64_t with_pad : {0, 1})
      for (int64_t ceil : {0, 1}) {
        KernelCase c{node("Pool", "mo",
                          {{"op", std::string("average")},
                           {"kernel_shape", std::vector<int64_t>{3, 2}},
                           {"strides", std::vector<int64_t>{2, 1}},
                           {"pads", std::vector<int64_t>{1, 0, 1, 1}},
                           {"ceil_mode", ceil},
                           {"count_include_pad", with_pad}}),
                     {{random_bytes(x, {2, 70, 10, 9}, 1)},
                      constant(Tensor::scalar(0.1f)),
                      constant(x == DType::u8 ? Tensor::scalar<uint8_t>(9) : Tensor::scalar<int8_t>(-9)),
                      constant(Tensor::scalar(0.07f)),
                      constant(Tensor::scalar<uint8_t>(3))}};
        c.exact = true;
        CHECK(check_candidates(c).fast());
      }
}

TEST_CASE("slices, padding, expansion and scattering equal the reference") {
  Tensor x = random_floats({2, 5, 6, 7}, 1);
  auto ints = [](std::initializer_list<int64_t> v) { return constant(Tensor::of<int64_t>({static_cast<int64_t>(v.size())}, v)); };
  CHECK(check_candidates({node("Slice"), {{x}, ints({1, -3}), ints({4, 100}), ints({1, 3}), ints({2, 1})}}).fast());
  CHECK(check_candidates({node("Slice"), {{x}, ints({-1, 100}), ints({-100, 0}), ints({1, 2}), ints({-1, -2})}}).fast());
  CHECK(check_candidates({node("Pad"), {{x}, ints({0, 1, 2, 0, 1, 0, 3, 1}), constant(Tensor::scalar(1.5f))}}).fast());
  CHECK(check_candidates({node("Expand"), {{random_floats({5, 1, 7}, 1)}, ints({2, 5, 6, 7})}}).fast());
  CHECK(check_candidates({node("ScatterND"), {{x}, {Tensor::of<int64_t>({2, 2}, {0, 3, 1, -1})}, {random_floats({2, 6, 7}, 2)}}}).fast());
}

TEST_CASE("resizing equals the reference in every mode and both layouts") {
  Tensor scales = Tensor::of<float>({4}, {1, 1, 2, 1.7f});
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const char* rule : {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"}) {
      KernelCase c{node("Resize", "", {{"mode", std::string(mode)}, {"coordinate_transformation_mode", std::string(rule)}}),
                   {{random_floats({2, 17, 5, 6}, 1)}, {}, constant(scales)}};
      CHECK(check_candidates(c).fast());
    }
  KernelCase c{node("Resize"), {{random_bytes(DType::u8, {1, 9, 5, 6}, 1)}, {}, constant(scales)}};
  CHECK(check_candidates(c).fast());
}

TEST_CASE("transposed convolution equals the reference") {
  for (int64_t groups : {1, 2})
    for (int64_t stride : {1, 2}) {
      KernelCase c{node("ConvTranspose", "",
                        {{"strides", std::vector<int64_t>{stride, stride}},
                         {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                         {"group", groups},
                         {"output_padding", std::vector<int64_t>{stride - 1, stride - 1}}}),
                   {{random_floats({1, 16, 5, 6}, 1)}, constant(random_floats({16, 8, 3, 3}, 2)), constant(random_floats({8 * groups}, 3))}};
      KernelResult r = check_candidates(c);
      for (const std::string& why : r.declined) MESSAGE(why);
    }
}

TEST_CASE("casts between float32 and bfloat16 are the reference's to the bit, NaNs and overflow included") {
  for (kernels::Isa most : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512}) {
    kernels::limit_isa(most);
    Tensor x = random_bytes(DType::u8, {1, 3, 7, 4 * 13}, 5), f = Tensor::allocate(DType::f32, {1, 3, 7, 13});
    std::memcpy(f.raw_mutable(), x.raw(), static_cast<size_t>(f.bytes()));
    const uint32_t special[] = {0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 0x7f7fffff, 0x00000001, 0x80000000, 0x3f808000, 0x3f818000};
    std::memcpy(f.raw_mutable(), special, sizeof special);
    for (DType to : {DType::bf16, DType::f32}) {
      KernelCase c{node("Cast", "", {{"to", static_cast<int64_t>(to)}}), {{to == DType::f32 ? f.cast(DType::bf16) : f}}};
      c.exact = true;
      c.tolerance = 0;
      CHECK(check_candidates(c).fast());
    }
    for (const Tensor& t : {f, random_floats({5, 67}, 3, -1000, 1000)})  // far numbers and near ones
      for (DType to : {DType::u8, DType::i8}) CHECK(check_candidates({node("Cast", "", {{"to", static_cast<int64_t>(to)}}), {{t}}}).fast());
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}
