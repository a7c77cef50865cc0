// Reductions, arg-reductions, scans and the softmax family: hand-worked values, empty axes, negative axes.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

Tensor f(Shape s, std::initializer_list<float> v) { return Tensor::of<float>(std::move(s), v); }
Tensor ints(std::initializer_list<int64_t> v) { return Tensor::of<int64_t>({static_cast<int64_t>(v.size())}, v); }
const int64_t k_no = 0;

void reduce(const char* op, Tensor x, Tensor axes, Tensor want, int64_t keep = 1) {
  CAPTURE(op);
  check_op({.node = node(op, "", {{"keepdims", keep}}), .inputs = {{std::move(x)}, {std::move(axes), true}}, .expected = {std::move(want)}});
}

}  // namespace

TEST_CASE("reductions over the last, the first and all axes") {
  Tensor x = f({2, 3}, {1, -2, 3, -4, 5, 6});
  reduce("ReduceSum", x, ints({-1}), f({2, 1}, {2, 7}));
  reduce("ReduceSum", x, ints({0}), f({3}, {-3, 3, 9}), 0);
  reduce("ReduceSum", x, {}, f({}, {9}), 0);
  reduce("ReduceMean", x, ints({0}), f({1, 3}, {-1.5f, 1.5f, 4.5f}));
  reduce("ReduceProd", x, ints({1}), f({2, 1}, {-6, -120}));
  reduce("ReduceMax", x, ints({0, 1}), f({1, 1}, {6}));
  reduce("ReduceMin", x, ints({1}), f({2, 1}, {-2, -4}));
  reduce("ReduceL1", x, ints({1}), f({2, 1}, {6, 15}));
  reduce("ReduceL2", f({1, 2}, {3, 4}), ints({1}), f({1, 1}, {5}));
  reduce("ReduceSumSquare", x, ints({1}), f({2, 1}, {14, 77}));
  reduce("ReduceLogSum", f({2}, {1, 3}), ints({0}), f({1}, {std::log(4.0f)}));
  reduce("ReduceLogSumExp", f({2}, {1000, 1000}), ints({0}), f({1}, {1000 + std::log(2.0f)}));
}

TEST_CASE("reductions of nothing are the neutral element") {
  Tensor x = f({2, 0}, {});
  float inf = std::numeric_limits<float>::infinity();
  reduce("ReduceSum", x, ints({1}), f({2, 1}, {0, 0}));
  reduce("ReduceProd", x, ints({1}), f({2, 1}, {1, 1}));
  reduce("ReduceMax", x, ints({1}), f({2, 1}, {-inf, -inf}));
  reduce("ReduceMin", x, ints({1}), f({2, 1}, {inf, inf}));
  reduce("ReduceLogSumExp", x, ints({1}), f({2, 1}, {-inf, -inf}));
}

TEST_CASE("an empty list of axes means all, or none with noop_with_empty_axes") {
  Tensor x = f({2}, {3, -4});
  reduce("ReduceSum", x, ints({}), f({1}, {-1}));
  check_op({.node = node("ReduceL1", "", {{"noop_with_empty_axes", int64_t{1}}}), .inputs = {{x}}, .expected = {f({2}, {3, 4})}});
  check_op({.node = node("ReduceSum", "", {{"noop_with_empty_axes", int64_t{1}}}), .inputs = {{x}}, .expected = {x}});
}

TEST_CASE("long sums stay exact, integers wrap, booleans reduce") {
  std::vector<float> many(100000, 0.1f);
  reduce("ReduceSum", Tensor::of<float>({100000}, many), ints({0}), f({1}, {10000.0f}));
  reduce("ReduceSum", Tensor::of<int32_t>({2}, {std::numeric_limits<int32_t>::max(), 1}), ints({0}),
         Tensor::of<int32_t>({1}, {std::numeric_limits<int32_t>::min()}));
  reduce("ReduceMax", Tensor::of<bool>({2, 2}, {false, true, false, false}), ints({1}), Tensor::of<bool>({2, 1}, {true, false}));
  reduce("ReduceMin", Tensor::of<bool>({2, 2}, {true, true, false, true}), ints({1}), Tensor::of<bool>({2, 1}, {true, false}));
}

TEST_CASE("axes outside the rank or named twice are refused") {
  Tensor x = f({2, 2}, {1, 2, 3, 4});
  CHECK(op_error({.node = node("ReduceSum"), .inputs = {{x}, {ints({2})}}}).find("outside rank") != std::string::npos);
  CHECK(op_error({.node = node("ReduceSum"), .inputs = {{x}, {ints({1, -1})}}}).find("twice") != std::string::npos);
}

TEST_CASE("ArgMax and ArgMin find the first or the last of equals") {
  Tensor x = f({2, 3}, {1, 5, 5, 2, -1, -1});
  check_op({.node = node("ArgMax", "", {{"axis", int64_t{1}}}), .inputs = {{x}}, .expected = {Tensor::of<int64_t>({2, 1}, {1, 0})}});
  check_op({.node = node("ArgMin", "", {{"axis", int64_t{-1}}, {"keepdims", k_no}, {"select_last_index", int64_t{1}}}),
            .inputs = {{x}},
            .expected = {ints({0, 2})}});
  CHECK(op_error({.node = node("ArgMax"), .inputs = {{f({0, 2}, {})}}}).find("no element") != std::string::npos);
}

TEST_CASE("CumSum and CumProd run forward, backward and exclusively") {
  Tensor x = f({2, 3}, {1, 2, 3, 4, 5, 6}), axis = Tensor::scalar(int64_t{1});
  check_op({.node = node("CumSum"), .inputs = {{x}, {axis, true}}, .expected = {f({2, 3}, {1, 3, 6, 4, 9, 15})}});
  check_op({.node = node("CumSum", "", {{"exclusive", int64_t{1}}, {"reverse", int64_t{1}}}),
            .inputs = {{x}, {axis, true}},
            .expected = {f({2, 3}, {5, 3, 0, 11, 6, 0})}});
  check_op({.node = node("CumProd"), .inputs = {{x}, {Tensor::scalar(int64_t{0}), true}}, .expected = {f({2, 3}, {1, 2, 3, 4, 10, 18})}});
}

TEST_CASE("softmax sums to one along its axis and survives large values") {
  Tensor x = f({2, 2}, {1000, 1000, 0, std::log(3.0f)});
  check_op({.node = node("Softmax"), .inputs = {{x}}, .expected = {f({2, 2}, {0.5f, 0.5f, 0.25f, 0.75f})}});
  check_op(
      {.node = node("LogSoftmax"), .inputs = {{x}}, .expected = {f({2, 2}, {-std::log(2.0f), -std::log(2.0f), -std::log(4.0f), std::log(0.75f)})}});
  check_op({.node = node("Hardmax", "", {{"axis", int64_t{0}}}), .inputs = {{x}}, .expected = {f({2, 2}, {1, 1, 0, 0})}});
  check_op({.node = node("Softmax"), .inputs = {{f({2, 0}, {})}}, .expected = {f({2, 0}, {})}});
  check_op({.node = node("Softmax"), .inputs = {{f({}, {3})}}, .expected = {f({}, {1})}});
}

TEST_CASE("TopK orders equals by index and NaN as largest") {
  Tensor x = f({5}, {1, 3, std::nanf(""), 3, 2}), k = ints({3});
  check_op({.node = node("TopK"), .inputs = {{x}, {k, true}}, .outputs = 2, .expected = {f({3}, {std::nanf(""), 3, 3}), ints({2, 1, 3})}});
  check_op(
      {.node = node("TopK", "", {{"largest", k_no}}), .inputs = {{x}, {k, true}}, .outputs = 2, .expected = {f({3}, {1, 2, 3}), ints({0, 4, 1})}});
  CHECK(op_error({.node = node("TopK"), .inputs = {{x}, {ints({6})}}, .outputs = 2}).find("of 5") != std::string::npos);
}

TEST_CASE("Einsum: products, traces, broadcast ellipses") {
  Tensor a = f({2, 2}, {1, 2, 3, 4}), v = f({2}, {10, 100});
  auto sum = [&](const char* equation, std::vector<KernelInput> in, Tensor want) {
    CAPTURE(equation);
    check_op({.node = node("Einsum", "", {{"equation", std::string(equation)}}), .inputs = std::move(in), .expected = {std::move(want)}});
  };
  sum("ij,jk->ik", {{a}, {a}}, f({2, 2}, {7, 10, 15, 22}));
  sum("ij,j", {{a}, {v}}, f({2}, {210, 430}));
  sum("ii->", {{a}}, f({}, {5}));
  sum("...j->...", {{a}}, f({2}, {3, 7}));
  sum("i,j,ij->", {{v}, {v}, {a}}, f({}, {45100}));
  CHECK(op_error({.node = node("Einsum", "", {{"equation", std::string("ij->ik")}}), .inputs = {{a}}}).find("unknown label") != std::string::npos);
  CHECK(op_error({.node = node("Einsum", "", {{"equation", std::string("i..j")}}), .inputs = {{a}}}).find("einsum term") != std::string::npos);
}

TEST_CASE("Det by elimination") {
  check_op({.node = node("Det"), .inputs = {{f({2, 2, 2}, {1, 2, 3, 4, 0, 1, 1, 0})}}, .expected = {f({2}, {-2, -1})}});
  check_op({.node = node("Det"), .inputs = {{f({1, 0, 0}, {})}}, .expected = {f({1}, {1})}});
  CHECK(op_error({.node = node("Det"), .inputs = {{f({2, 3}, {1, 2, 3, 4, 5, 6})}}}).find("square") != std::string::npos);
}
