// Product candidates against the reference: ranks, broadcasting, transposition, epilogues, 8-bit.
#include <doctest/doctest.h>

#include "kernels/cpu/onednn_attr.h"
#include "ops/epilogue.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

void check_fast(const KernelCase& c) {
  KernelResult r = check_candidates(c);
  for (const std::string& why : r.declined) MESSAGE(why);
  CHECK(r.fast());
  for (const std::string& name : r.ran) CHECK(name.find("ref") == std::string::npos);
}

}  // namespace

TEST_CASE("float products of any rank equal the reference") {
  const std::pair<Shape, Shape> shapes[] = {{{5, 7}, {7, 3}},       {{1, 64}, {64, 65}},       {{2, 5, 16}, {16, 17}},        {{2, 3, 5, 8}, {2, 3, 8, 4}},
                                            {{2, 3, 5, 8}, {3, 8, 4}}, {{8}, {8, 4}},          {{2, 5, 8}, {8}},              {{3, 1, 5, 8}, {1, 4, 8, 6}},
                                            {{8}, {8}},             {{2, 1, 8}, {2, 8, 5}}};
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
                     {{random_floats(ta ? Shape{33, 5} : Shape{5, 33}, 1)}, constant(random_floats(tb ? Shape{17, 33} : Shape{33, 17}, 2)), constant(random_floats(bias, 3))}};
        check_fast(c);
      }
}

TEST_CASE("products read transposed operands by strides and store a transposed result") {
  KernelCase scores{node("MatMul", "mo", {{"perm_a", std::vector<int64_t>{0, 2, 1, 3}}, {"perm_b", std::vector<int64_t>{0, 2, 3, 1}}, {"alpha", 0.125f}}),
                    {{random_floats({2, 9, 3, 16}, 1)}, {random_floats({2, 9, 3, 16}, 2)}}};
  check_fast(scores);
  KernelCase context{node("MatMul", "mo", {{"perm_b", std::vector<int64_t>{0, 2, 1, 3}}, {"perm_y", std::vector<int64_t>{0, 2, 1, 3}}}),
                     {{random_floats({2, 3, 9, 9}, 1)}, {random_floats({2, 9, 3, 16}, 2)}}};
  check_fast(context);
}

TEST_CASE("products with bias, activation and residual equal the reference") {
  for (const char* post : {"relu", "gelu_erf", "gelu_tanh", "silu", "tanh", "sigmoid"}) {
    KernelCase c{node("MatMul", "mo"), {{random_floats({2, 6, 24}, 1)}, constant(random_floats({24, 40}, 2)), constant(random_floats({40}, 3)), {random_floats({2, 6, 40}, 4)}}};
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
                       {{random_bytes(a, {2, 7, 64}, 1)}, {random_bytes(b, fixed ? Shape{64, 33} : Shape{2, 64, 33}, 2), fixed}, constant(random_floats({33}, 3)), {},
                        constant(Tensor::scalar(0.02f)), constant(a == DType::u8 ? Tensor::scalar<uint8_t>(9) : Tensor::scalar<int8_t>(-5)),
                        constant(fixed && b == DType::i8 ? random_floats({33}, 4, 0.001f, 0.01f) : Tensor::scalar(0.01f)),
                        constant(b == DType::u8 ? Tensor::scalar<uint8_t>(fixed ? 128 : 120) : Tensor::scalar<int8_t>(0))}};
          if (to8) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.3f)), constant(Tensor::scalar<uint8_t>(120))});
          c.steps = 1;
          check_fast(c);
        }
}
