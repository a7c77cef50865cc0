// Elementwise functions of several tensors: hand-worked values, broadcasting, integer edges.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

Tensor f(Shape s, std::initializer_list<float> v) { return Tensor::of<float>(std::move(s), v); }
Tensor i32(Shape s, std::initializer_list<int32_t> v) { return Tensor::of<int32_t>(std::move(s), v); }
Tensor b(Shape s, std::initializer_list<bool> v) { return Tensor::of<bool>(std::move(s), v); }

void both(const char* op, Tensor x, Tensor y, Tensor want) {
  check_op({.node = node(op), .inputs = {{std::move(x)}, {std::move(y)}}, .expected = {std::move(want)}});
}

}  // namespace

TEST_CASE("arithmetic broadcasts both ways") {
  Tensor column = f({2, 1}, {1, 2}), row = f({3}, {10, 20, 40});
  both("Add", column, row, f({2, 3}, {11, 21, 41, 12, 22, 42}));
  both("Sub", column, row, f({2, 3}, {-9, -19, -39, -8, -18, -38}));
  both("Mul", column, row, f({2, 3}, {10, 20, 40, 20, 40, 80}));
  both("Div", row, column, f({2, 3}, {10, 20, 40, 5, 10, 20}));
  both("Pow", row, column, f({2, 3}, {10, 20, 40, 100, 400, 1600}));
  both("Add", f({}, {1}), f({1, 1}, {2}), f({1, 1}, {3}));
  both("Add", f({0, 3}, {}), row, f({0, 3}, {}));
}

TEST_CASE("integer arithmetic wraps and never traps") {
  constexpr int32_t low = std::numeric_limits<int32_t>::min(), high = std::numeric_limits<int32_t>::max();
  both("Add", i32({1}, {high}), i32({1}, {1}), i32({1}, {low}));
  both("Sub", i32({1}, {low}), i32({1}, {1}), i32({1}, {high}));
  both("Mul", i32({1}, {low}), i32({1}, {-1}), i32({1}, {low}));
  both("Div", i32({3}, {low, -7, 7}), i32({3}, {-1, 2, -2}), i32({3}, {low, -3, -3}));
  both("Mod", i32({3}, {low, -7, 7}), i32({3}, {-1, 3, -3}), i32({3}, {0, 2, -2}));
  both("Pow", i32({4}, {3, -1, 2, 1}), i32({4}, {4, -3, -2, -9}), i32({4}, {81, -1, 0, 1}));
  CHECK(op_error({.node = node("Div"), .inputs = {{i32({1}, {1})}, {i32({1}, {0})}}}).find("zero") != std::string::npos);
  CHECK(op_error({.node = node("Mod"), .inputs = {{i32({1}, {1})}, {i32({1}, {0})}}}).find("zero") != std::string::npos);
}

TEST_CASE("Mod follows the divisor's sign, or the dividend's with fmod") {
  Tensor x = f({4}, {5.5f, -5.5f, 5.5f, -6.0f}), y = f({4}, {2.0f, 2.0f, -2.0f, 2.0f});
  both("Mod", x, y, f({4}, {1.5f, 0.5f, -0.5f, 0.0f}));
  check_op({.node = node("Mod", "", {{"fmod", int64_t{1}}}), .inputs = {{x}, {y}}, .expected = {f({4}, {1.5f, -1.5f, 1.5f, 0.0f})}});
}

TEST_CASE("BitShift beyond the width leaves the sign") {
  Tensor x = Tensor::of<int8_t>({3}, {-128, 3, -1}), y = Tensor::of<int8_t>({3}, {1, 9, -1});
  check_op({.node = node("BitShift", "", {{"direction", std::string("RIGHT")}}),
            .inputs = {{x}, {y}},
            .expected = {Tensor::of<int8_t>({3}, {-64, 0, -1})}});
  check_op(
      {.node = node("BitShift", "", {{"direction", std::string("LEFT")}}), .inputs = {{x}, {y}}, .expected = {Tensor::of<int8_t>({3}, {0, 0, 0})}});
  CHECK(op_error({.node = node("BitShift"), .inputs = {{x}, {y}}}).find("direction") != std::string::npos);
}

TEST_CASE("bit and logic operators") {
  Tensor x = i32({2}, {12, -1}), y = i32({2}, {10, 5});
  both("BitwiseAnd", x, y, i32({2}, {8, 5}));
  both("BitwiseOr", x, y, i32({2}, {14, -1}));
  both("BitwiseXor", x, y, i32({2}, {6, -6}));
  Tensor p = b({2, 1}, {false, true}), q = b({2}, {false, true});
  both("And", p, q, b({2, 2}, {false, false, false, true}));
  both("Or", p, q, b({2, 2}, {false, true, true, true}));
  both("Xor", p, q, b({2, 2}, {false, true, true, false}));
}

TEST_CASE("comparisons") {
  Tensor x = f({3}, {1, 2, 3}), y = f({}, {2});
  both("Equal", x, y, b({3}, {false, true, false}));
  both("Less", x, y, b({3}, {true, false, false}));
  both("LessOrEqual", x, y, b({3}, {true, true, false}));
  both("Greater", x, y, b({3}, {false, false, true}));
  both("GreaterOrEqual", x, y, b({3}, {false, true, true}));
  both("Equal", Tensor::of<std::string>({2}, {"a", "b"}), Tensor::of<std::string>({1}, {"b"}), b({2}, {false, true}));
  CHECK(op_error({.node = node("Less"), .inputs = {{x}, {i32({3}, {1, 2, 3})}}}).find("differ in dtype") != std::string::npos);
}

TEST_CASE("variadic operators fold any number of inputs; NaN wins") {
  Tensor x = f({2, 1}, {1, 5}), y = f({2}, {3, 4}), z = f({}, {2});
  auto fold = [&](const char* op, Tensor want) { check_op({.node = node(op), .inputs = {{x}, {y}, {z}}, .expected = {std::move(want)}}); };
  fold("Max", f({2, 2}, {3, 4, 5, 5}));
  fold("Min", f({2, 2}, {1, 1, 2, 2}));
  fold("Sum", f({2, 2}, {6, 7, 10, 11}));
  fold("Mean", f({2, 2}, {2, 7.0f / 3, 10.0f / 3, 11.0f / 3}));
  float nan = std::nanf("");
  both("Max", f({2}, {nan, 1}), f({2}, {1, nan}), f({2}, {nan, nan}));
  check_op({.node = node("Sum"), .inputs = {{x}}, .expected = {x}});
}

TEST_CASE("Where chooses element by element, strings too") {
  Tensor test = b({2, 1}, {true, false});
  check_op({.node = node("Where"), .inputs = {{test}, {f({2}, {1, 2})}, {f({}, {9})}}, .expected = {f({2, 2}, {1, 2, 9, 9})}});
  check_op({.node = node("Where"),
            .inputs = {{test}, {Tensor::of<std::string>({1}, {"yes"})}, {Tensor::of<std::string>({1}, {"no"})}},
            .expected = {Tensor::of<std::string>({2, 1}, {"yes", "no"})}});
}

TEST_CASE("shapes that do not broadcast are refused by every binary operator") {
  for (const char* op : {"Add", "Mul", "Div", "Pow", "Less", "Max", "Where"}) {
    CAPTURE(op);
    OpCase c{.node = node(op), .inputs = {{f({2}, {1, 2})}, {f({3}, {1, 2, 3})}}};
    if (std::string(op) == "Where") c.inputs.insert(c.inputs.begin(), {b({1}, {true})});
    CHECK(op_error(c).find("broadcast") != std::string::npos);
  }
}
