// Product candidates against the reference: ranks, broadcasting, transposition, epilogues, 8-bit.
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/cpu/onednn_attr.h"
#include "kernels/cpu/simd.h"
#include "ops/epilogue.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

void check_fast(const KernelCase& c) {
  KernelResult r = check_candidates(c);
  if (!r.fast())
    for (const std::string& why : r.declined) MESSAGE(why);
  CHECK(r.fast());
  for (const std::string& name : r.ran) CHECK(name.find("ref") == std::string::npos);
}

}  // namespace

TEST_CASE("float products of any rank equal the reference") {
  const std::pair<Shape, Shape> shapes[] = {{{5, 7}, {7, 3}},
                                            {{1, 64}, {64, 65}},
                                            {{2, 5, 16}, {16, 17}},
                                            {{2, 3, 5, 8}, {2, 3, 8, 4}},
                                            {{2, 3, 5, 8}, {3, 8, 4}},
                                            {{8}, {8, 4}},
                                            {{2, 5, 8}, {8}},
                                            {{3, 1, 5, 8}, {1, 4, 8, 6}},
                                            {{8}, {8}},
                                            {{2, 1, 8}, {2, 8, 5}}};
  for (const auto& [a, b] : shapes)
    for (bool fixed : {false, true}) {
      CAPTURE(text(std::span<const int64_t>(a), std::span<const int64_t>(b)));
      check_fast({node("MatMul"), {{random_floats(a, 1)}, {random_floats(b, 2), fixed}}});
    }
}

TEST_CASE("Gemm with transposition, factors and any bias equals the reference") {
  for (int64_t ta : {0, 1})
    for (int64_t tb : {0, 1})
      for (const Shape& bias : {Shape{17}, Shape{5, 17}, Shape{5, 1}, Shape{}, Shape{1, 17}}) {
        KernelCase c{node("Gemm", "", {{"transA", ta}, {"transB", tb}, {"alpha", 0.5f}, {"beta", 2.0f}}),
                     {{random_floats(ta ? Shape{33, 5} : Shape{5, 33}, 1)},
                      constant(random_floats(tb ? Shape{17, 33} : Shape{33, 17}, 2)),
                      constant(random_floats(bias, 3))}};
        check_fast(c);
      }
}

TEST_CASE("products read transposed operands by strides and store a transposed result") {
  KernelCase scores{
      node("MatMul", "mo", {{"perm_a", std::vector<int64_t>{0, 2, 1, 3}}, {"perm_b", std::vector<int64_t>{0, 2, 3, 1}}, {"alpha", 0.125f}}),
      {{random_floats({2, 9, 3, 16}, 1)}, {random_floats({2, 9, 3, 16}, 2)}}};
  check_fast(scores);
  KernelCase context{node("MatMul", "mo", {{"perm_b", std::vector<int64_t>{0, 2, 1, 3}}, {"perm_y", std::vector<int64_t>{0, 2, 1, 3}}}),
                     {{random_floats({2, 3, 9, 9}, 1)}, {random_floats({2, 9, 3, 16}, 2)}}};
  check_fast(context);
}

TEST_CASE("products with bias, activation and residual equal the reference") {
  for (const char* post : {"relu", "gelu_erf", "gelu_tanh", "silu", "tanh", "sigmoid"}) {
    KernelCase c{
        node("MatMul", "mo"),
        {{random_floats({2, 6, 24}, 1)}, constant(random_floats({24, 40}, 2)), constant(random_floats({40}, 3)), {random_floats({2, 6, 40}, 4)}}};
    ops::append_post(c.node, post);
    ops::append_post(c.node, "add");
    check_fast(c);
  }
  KernelCase gate{node("MatMul", "mo"), {{random_floats({2, 6, 24}, 1)}, constant(random_floats({24, 40}, 2)), {}, {random_floats({1, 1, 40}, 4)}}};
  ops::append_post(gate.node, "silu");
  ops::append_post(gate.node, "mul");
  check_fast(gate);
}

TEST_CASE("8-bit products equal the integer reference up to one step of rounding") {
  if (!kernels::onednn::exact_int8()) {
    MESSAGE("skipped: this machine has no exact 8-bit products");
    return;
  }
  for (bool fixed : {true, false})
    for (DType a : {DType::u8, DType::i8})
      for (DType b : {DType::i8, DType::u8})
        for (bool to8 : {true, false}) {
          CAPTURE(fixed);
          CAPTURE(std::string(name(a)));
          CAPTURE(std::string(name(b)));
          KernelCase c{node("MatMul", "mo"),
                       {{random_bytes(a, {2, 7, 64}, 1)},
                        {random_bytes(b, fixed ? Shape{64, 33} : Shape{2, 64, 33}, 2), fixed},
                        constant(random_floats({33}, 3)),
                        {},
                        constant(Tensor::scalar(0.02f)),
                        constant(a == DType::u8 ? Tensor::scalar<uint8_t>(9) : Tensor::scalar<int8_t>(-5)),
                        constant(fixed && b == DType::i8 ? random_floats({33}, 4, 0.001f, 0.01f) : Tensor::scalar(0.01f)),
                        constant(b == DType::u8 ? Tensor::scalar<uint8_t>(fixed ? 128 : 120) : Tensor::scalar<int8_t>(0))}};
          if (to8) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.3f)), constant(Tensor::scalar<uint8_t>(120))});
          c.steps = 1;
          check_fast(c);
        }
}

TEST_CASE("8-bit products give the integers of the reference on every instruction set, whatever the zero points") {
  struct Limit {
    explicit Limit(kernels::Isa most) { kernels::limit_isa(most); }
    ~Limit() { kernels::limit_isa(kernels::Isa::avx512_vnni); }
  };
  const std::tuple<Shape, Shape, int64_t> shapes[] = {{{2, 7, 64}, {64, 33}, 0},     {{53, 30}, {90, 30}, 1},     {{1, 35}, {35, 130}, 0},
                                                      {{3, 70}, {100, 70}, 1},       {{1, 4, 129}, {129, 81}, 0}, {{2, 3, 5, 17}, {2, 3, 17, 20}, 0},
                                                      {{2, 1, 9, 8}, {3, 8, 70}, 0}, {{101, 1030}, {1030, 40}, 0}};
  for (kernels::Isa most : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni}) {
    Limit limit(most);
    CAPTURE(static_cast<int>(most));
    int turn = 0;
    for (const auto& [as, bs, trans_b] : shapes)
      for (bool fixed : {true, false})
        for (DType a : {DType::u8, DType::i8})
          for (DType b : {DType::i8, DType::u8})
            for (int zero : {0, 1}) {
              ++turn;
              const int64_t n = trans_b ? bs[0] : bs.back();
              Tensor bz = b == DType::u8 ? Tensor::scalar<uint8_t>(zero ? 71 : 128) : Tensor::scalar<int8_t>(zero ? -20 : 0);
              if (zero && fixed && turn % 2) bz = random_bytes(b, {n}, 6);
              KernelCase c{node("MatMul", "mo", {{"trans_b", trans_b}}),
                           {{random_bytes(a, as, 1)},
                            {random_bytes(b, bs, 2), fixed},
                            constant(turn % 3 ? random_floats({n}, 3) : Tensor::zeros(DType::i32, {n})),
                            {},
                            constant(Tensor::scalar(0.02f)),
                            constant(a == DType::u8 ? Tensor::scalar<uint8_t>(9) : Tensor::scalar<int8_t>(-5)),
                            constant(fixed && !trans_b ? random_floats({n}, 4, 0.001f, 0.01f) : Tensor::scalar(0.01f)),
                            constant(bz)}};
              if (turn % 4) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.3f)), constant(Tensor::scalar<uint8_t>(120))});
              if (turn % 5 == 0) ops::append_post(c.node, "relu");
              c.steps = 1;
              c.exact = true;
              CHECK(check_candidates(c).fast());
            }
  }
}

TEST_CASE("8-bit products whose left scale and zero point are computed equal the reference on every instruction set") {
  struct Limit {
    explicit Limit(kernels::Isa most) { kernels::limit_isa(most); }
    ~Limit() { kernels::limit_isa(kernels::Isa::avx512_vnni); }
  };
  for (kernels::Isa most : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni}) {
    Limit limit(most);
    CAPTURE(static_cast<int>(most));
    int turn = 0;
    for (const auto& [as, bs] :
         {std::pair<Shape, Shape>{{2, 7, 64}, {64, 33}}, {{53, 30}, {30, 90}}, {{1, 35}, {35, 130}}, {{2, 300}, {300, 66}}, {{4, 40}, {40, 49}}})
      for (DType a : {DType::u8, DType::i8})
        for (DType b : {DType::i8, DType::u8})
          for (const char* post : {"", "gelu_erf", "add"}) {
            ++turn;
            const int64_t n = bs.back();
            Shape ys = as;
            ys.back() = n;
            Tensor az = a == DType::u8 ? Tensor::scalar<uint8_t>(91) : Tensor::scalar<int8_t>(-5);
            KernelCase c{node("MatMul", "mo"),
                         {{random_bytes(a, as, 1)},
                          constant(random_bytes(b, bs, 2)),
                          turn % 2 ? constant(random_floats({n}, 3)) : KernelInput{},
                          post[0] == 'a' ? KernelInput{random_floats(ys, 5)} : KernelInput{},
                          {Tensor::scalar(0.02f)},
                          turn % 7 ? KernelInput{az} : KernelInput{},
                          constant(turn % 3 ? random_floats({n}, 4, 0.001f, 0.01f) : Tensor::scalar(0.01f)),
                          constant(turn % 5         ? random_bytes(b, {n}, 6)
                                   : b == DType::u8 ? Tensor::scalar<uint8_t>(128)
                                                    : Tensor::scalar<int8_t>(0))}};
            if (post[0]) ops::append_post(c.node, post);
            check_fast(c);
          }
  }
}

TEST_CASE("8-bit products read transposed operands by strides on every instruction set") {
  for (kernels::Isa most : {kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni}) {
    kernels::limit_isa(most);
    KernelCase c{node("MatMul", "mo",
                      {{"perm_a", std::vector<int64_t>{0, 2, 1, 3}},
                       {"perm_b", std::vector<int64_t>{0, 2, 3, 1}},
                       {"perm_y", std::vector<int64_t>{0, 2, 1, 3}},
                       {"alpha", 0.125f}}),
                 {{random_bytes(DType::u8, {2, 9, 3, 16}, 1)},
                  {random_bytes(DType::i8, {2, 11, 3, 16}, 2)},
                  {},
                  {},
                  constant(Tensor::scalar(0.02f)),
                  constant(Tensor::scalar<uint8_t>(9)),
                  constant(Tensor::scalar(0.01f)),
                  constant(Tensor::scalar<int8_t>(0)),
                  constant(Tensor::scalar(0.02f)),
                  constant(Tensor::scalar<uint8_t>(120))}};
    c.steps = 1;
    c.exact = true;
    CHECK(check_candidates(c).fast());
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}

TEST_CASE("a few rows times large weights equal the reference, weights read as they are") {
  for (int64_t rows : {1, 2, 3, 4})
    for (int64_t transposed : {0, 1})
      for (int64_t columns : {1030, 2048}) {
        KernelCase c{node("MatMul", "mo", {{"trans_b", transposed}}),
                     {{random_floats({1, rows, 77}, 1)},
                      constant(random_floats(transposed ? Shape{columns, 77} : Shape{77, columns}, 2)),
                      constant(random_floats({columns}, 3)),
                      {random_floats({1, rows, columns}, 4)}}};
        ops::append_post(c.node, "silu");
        ops::append_post(c.node, columns == 2048 ? "add" : "mul");
        KernelResult r = check_candidates(c);
        CHECK(std::any_of(r.ran.begin(), r.ran.end(), [](const std::string& name) { return name.starts_with("row_matmul"); }));
      }
}

TEST_CASE("products with packed float weights equal the reference where AVX2 is the widest") {
  kernels::limit_isa(kernels::Isa::avx2);
  if (kernels::isa() == kernels::Isa::avx2)
    for (int64_t transposed : {0, 1})
      for (const Shape& s : {Shape{2, 8, 16}, {5, 77, 17}, {7, 256, 65}, {6, 300, 64}, {128, 600, 100}, {193, 64, 128}, {401, 9, 31}}) {
        const int64_t rows = s[0], depth = s[1], columns = s[2];
        KernelCase c{node("MatMul", "mo", {{"trans_b", transposed}}),
                     {{random_floats({1, rows, depth}, 1)},
                      constant(random_floats(transposed ? Shape{columns, depth} : Shape{depth, columns}, 2)),
                      constant(random_floats({columns}, 3)),
                      {random_floats({1, rows, columns}, 4)}}};
        if (rows != 7) ops::append_post(c.node, "gelu_erf");
        ops::append_post(c.node, rows % 2 ? "add" : "mul");
        KernelResult r = check_candidates(c);
        CAPTURE(rows);
        CHECK(std::any_of(r.ran.begin(), r.ran.end(), [](const std::string& name) { return name.starts_with("packed_matmul"); }));
      }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}

TEST_CASE("integer products and their dynamic quantization equal the reference on every instruction set") {
  for (kernels::Isa most : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni}) {
    kernels::limit_isa(most);
    for (const Shape& s : {Shape{1, 7, 5}, {1, 128, 512}, {3, 64, 33}, {50, 31, 100}, {49, 66, 17}})
      for (DType a : {DType::u8, DType::i8})
        for (DType b : {DType::u8, DType::i8})
          for (int zero : {0, 1, 2}) {
            Tensor bz = zero == 2 ? random_bytes(b, {s[2]}, 5) : random_bytes(b, {}, 6);
            KernelCase c{node("MatMulInteger"), {{random_bytes(a, {s[0], s[1]}, 1)}, constant(random_bytes(b, {s[1], s[2]}, 2))}};
            if (zero > 0) c.inputs.push_back({random_bytes(a, {}, 3), most == kernels::Isa::avx2});
            if (zero > 0) c.inputs.push_back(constant(bz));
            CHECK(check_candidates(c).fast());
          }
    for (float low : {-3.0f, 0.5f, -7.0f}) {
      KernelCase c{node("DynamicQuantizeLinear"), {{random_floats({3, 5, 77}, 4, low, low == -7.0f ? -1.0f : 2.0f)}}};
      c.outputs = 3;
      CHECK(check_candidates(c).fast());
    }
    KernelCase zeros{node("DynamicQuantizeLinear"), {{random_floats({40}, 4, 0, 0)}}};
    zeros.outputs = 3;
    CHECK(check_candidates(zeros).fast());
    Tensor sums = random_bytes(DType::i32, {5, 77}, 4);
    CHECK(check_candidates({node("Cast", "", {{"to", static_cast<int64_t>(DType::f32)}}), {{sums}}}).fast());
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}
