// Operators that move elements: hand-worked values in numbers, strings and packed 4-bit integers; indices outside are refused.
#include <doctest/doctest.h>

#include <limits>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

using Attributes = std::vector<std::pair<std::string, graph::AttrValue>>;

Tensor f(Shape s, std::initializer_list<float> v) { return Tensor::of<float>(std::move(s), v); }
Tensor ints(std::initializer_list<int64_t> v) { return Tensor::of<int64_t>({static_cast<int64_t>(v.size())}, v); }
Tensor ints(Shape s, std::initializer_list<int64_t> v) { return Tensor::of<int64_t>(std::move(s), v); }
Tensor words(Shape s, std::initializer_list<std::string> v) { return Tensor::of<std::string>(std::move(s), v); }

// 0, 1, 2 ... in the given dtype; strings "0", "1" ...
Tensor count(DType dtype, Shape shape) {
  Tensor t = Tensor::zeros(dtype, std::move(shape));
  for (int64_t i = 0; i < t.size(); ++i) {
    if (dtype == DType::string) t.mutable_data<std::string>()[i] = text(i);
    else t.set_number(i, static_cast<double>(i % 8));
  }
  return t;
}
// The elements of count() at these places.
Tensor pick(DType dtype, Shape shape, std::initializer_list<int64_t> places) {
  Tensor t = Tensor::zeros(dtype, std::move(shape));
  REQUIRE(t.size() == static_cast<int64_t>(places.size()));
  int64_t i = 0;
  for (int64_t p : places) {
    if (dtype == DType::string) t.mutable_data<std::string>()[i++] = text(p);
    else t.set_number(i++, static_cast<double>(p % 8));
  }
  return t;
}

const DType k_kinds[] = {DType::f32, DType::i4, DType::u2, DType::boolean, DType::string, DType::i64, DType::f16, DType::u8};

// The operator applied to count(input) gives the elements at `places`, whatever the dtype.
void moves(const char* op, Attributes attributes, Shape input, std::vector<KernelInput> rest, Shape output, std::initializer_list<int64_t> places) {
  CAPTURE(op);
  for (DType dtype : k_kinds) {
    CAPTURE(name(dtype));
    if (dtype == DType::u2 || dtype == DType::boolean) continue;  // count() does not fit
    std::vector<KernelInput> in{{count(dtype, input)}};
    in.insert(in.end(), rest.begin(), rest.end());
    check_op({.node = node(op, "", attributes), .inputs = in, .expected = {pick(dtype, output, places)}});
  }
}

std::string refused(const char* op, Attributes attributes, std::vector<KernelInput> in) {
  return op_error({.node = node(op, "", std::move(attributes)), .inputs = std::move(in)});
}
bool has(const std::string& s, const char* part) { return s.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("Reshape, Flatten, Squeeze, Unsqueeze keep the order of elements") {
  moves("Reshape", {}, {2, 3}, {{ints({0, -1, 1}), true}}, {2, 3, 1}, {0, 1, 2, 3, 4, 5});
  moves("Flatten", {{"axis", int64_t{-1}}}, {1, 2, 3}, {}, {2, 3}, {0, 1, 2, 3, 4, 5});
  moves("Squeeze", {}, {1, 2, 1}, {{ints({0}), true}}, {2, 1}, {0, 1});
  moves("Squeeze", {}, {1, 2, 1}, {}, {2}, {0, 1});
  moves("Unsqueeze", {}, {2}, {{ints({-1, 0}), true}}, {1, 2, 1}, {0, 1});
  check_op(
      {.node = node("Reshape", "", {{"allowzero", int64_t{1}}}), .inputs = {{f({2, 0}, {})}, {ints({0, 5}), true}}, .expected = {f({0, 5}, {})}});
  Tensor x = f({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(has(refused("Reshape", {}, {{x}, {ints({4, -1})}}), "cannot reshape"));
  CHECK(has(refused("Reshape", {}, {{x}, {ints({-1, -1})}}), "open"));
  CHECK(has(refused("Reshape", {}, {{x}, {ints({3, 3})}}), "cannot view"));
  CHECK(has(refused("Squeeze", {}, {{x}, {ints({0})}}), "squeeze"));
  CHECK(has(refused("Unsqueeze", {}, {{x}, {ints({0, 0})}}), "twice"));
}

TEST_CASE("Transpose permutes, by default reverses") {
  moves("Transpose", {}, {2, 3}, {}, {3, 2}, {0, 3, 1, 4, 2, 5});
  moves("Transpose", {{"perm", std::vector<int64_t>{1, 0, 2}}}, {2, 2, 2}, {}, {2, 2, 2}, {0, 1, 4, 5, 2, 3, 6, 7});
  CHECK(has(refused("Transpose", {{"perm", std::vector<int64_t>{0, 0}}}, {{f({1, 1}, {1})}}), "no permutation"));
}

TEST_CASE("Slice clamps as numpy does") {
  Tensor last = ints({std::numeric_limits<int64_t>::max()}), first = ints({std::numeric_limits<int64_t>::min()});
  moves("Slice", {}, {5}, {{ints({1}), true}, {last, true}}, {4}, {1, 2, 3, 4});
  moves("Slice", {}, {5}, {{last, true}, {first, true}, {ints({0}), true}, {ints({-2}), true}}, {3}, {4, 2, 0});
  moves("Slice", {}, {2, 3}, {{ints({-2}), true}, {ints({-1}), true}, {ints({1}), true}}, {2, 1}, {1, 4});
  moves("Slice", {}, {5}, {{ints({0}), true}, {last, true}, {ints({0}), true}, {last, true}}, {1}, {0});
  moves("Slice", {}, {5}, {{ints({4}), true}, {ints({1}), true}}, {0}, {});
  CHECK(has(refused("Slice", {}, {{f({1}, {1})}, {ints({0})}, {ints({1})}, {ints({0})}, {ints({0})}}), "step 0"));
  CHECK(has(refused("Slice", {}, {{f({1}, {1})}, {ints({0, 0})}, {ints({1})}}), "starts"));
}

TEST_CASE("Concat and Split are inverse") {
  for (DType dtype : k_kinds) {
    if (dtype == DType::u2 || dtype == DType::boolean) continue;
    Tensor whole = count(dtype, {2, 4}), left = pick(dtype, {2, 1}, {0, 4}), right = pick(dtype, {2, 3}, {1, 2, 3, 5, 6, 7});
    check_op({.node = node("Concat", "", {{"axis", int64_t{-1}}}), .inputs = {{left}, {right}}, .expected = {whole}});
    check_op({.node = node("Split", "", {{"axis", int64_t{1}}}), .inputs = {{whole}, {ints({1, 3}), true}}, .outputs = 2, .expected = {left, right}});
  }
  check_op(
      {.node = node("Split", "", {{"num_outputs", int64_t{2}}}), .inputs = {{ints({1, 2, 3})}}, .outputs = 2, .expected = {ints({1, 2}), ints({3})}});
  CHECK(has(op_error({.node = node("Split"), .inputs = {{ints({1, 2})}, {ints({1, 2})}}, .outputs = 2}), "split"));
  CHECK(has(refused("Concat", {{"axis", int64_t{0}}}, {{f({1, 2}, {1, 2})}, {f({1, 1}, {1})}}), "beside"));
}

TEST_CASE("Gather, GatherElements and GatherND count negative indices from the end") {
  moves("Gather", {{"axis", int64_t{1}}}, {2, 3}, {{ints({-1, 0})}}, {2, 2}, {2, 0, 5, 3});
  moves("Gather", {}, {3}, {{ints(Shape{}, {1})}}, {}, {1});
  moves("GatherElements", {{"axis", int64_t{1}}}, {2, 3}, {{ints({2, 2}, {2, -3, 1, 1})}}, {2, 2}, {2, 0, 4, 4});
  moves("GatherND", {}, {2, 3}, {{ints({2, 2}, {1, -1, 0, 1})}}, {2}, {5, 1});
  moves("GatherND", {{"batch_dims", int64_t{1}}}, {2, 3}, {{ints({2, 1}, {2, 0})}}, {2}, {2, 3});
  for (const char* op : {"Gather", "GatherElements", "GatherND"})
    for (int64_t bad : {int64_t{3}, int64_t{-4}, std::numeric_limits<int64_t>::min()}) {
      CAPTURE(op);
      CHECK(has(refused(op, {}, {{f({3}, {1, 2, 3})}, {ints({bad})}}), "outside"));
    }
}

TEST_CASE("ScatterElements and ScatterND write and reduce") {
  Tensor x = f({3}, {1, 2, 3}), at = ints({2, -3}), at2 = ints({2, 1}, {2, -3}), u = f({2}, {10, 20});
  auto reduction = [](const char* how) { return Attributes{{"reduction", std::string(how)}}; };
  for (const char* op : {"ScatterElements", "ScatterND"}) {
    CAPTURE(op);
    Tensor index = std::string(op) == "ScatterND" ? at2 : at;
    auto scatter = [&](const char* how, Tensor want) {
      check_op({.node = node(op, "", reduction(how)), .inputs = {{x}, {index}, {u}}, .expected = {std::move(want)}});
    };
    scatter("none", f({3}, {20, 2, 10}));
    scatter("add", f({3}, {21, 2, 13}));
    scatter("mul", f({3}, {20, 2, 30}));
    scatter("max", f({3}, {20, 2, 10}));
    scatter("min", f({3}, {1, 2, 3}));
    CHECK(has(refused(op, {}, {{x}, {std::string(op) == "ScatterND" ? ints({1, 1}, {3}) : ints({3})}, {f({1}, {1})}}), "outside"));
    CHECK(has(refused(op, reduction("sub"), {{x}, {index}, {u}}), "reduction"));
  }
}

TEST_CASE("TensorScatter writes from each sample's index on, around the end when circular") {
  Tensor cache = f({2, 3, 1}, {0, 0, 0, 0, 0, 0}), update = f({2, 2, 1}, {1, 2, 3, 4});
  check_op({.node = node("TensorScatter"), .inputs = {{cache}, {update}, {ints({0, 1})}}, .expected = {f({2, 3, 1}, {1, 2, 0, 0, 3, 4})}});
  check_op({.node = node("TensorScatter", "", {{"mode", std::string("circular")}}),
            .inputs = {{cache}, {update}, {ints({2, 4})}},
            .expected = {f({2, 3, 1}, {2, 0, 1, 0, 3, 4})}});
  CHECK(has(refused("TensorScatter", {}, {{cache}, {update}, {ints({2, 0})}}), "write index"));
}

TEST_CASE("Expand and Tile repeat") {
  moves("Expand", {}, {2, 1}, {{ints({3, 1, 2}), true}}, {3, 2, 2}, {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1});
  moves("Tile", {}, {1, 2}, {{ints({2, 2}), true}}, {2, 4}, {0, 1, 0, 1, 0, 1, 0, 1});
  CHECK(has(refused("Tile", {}, {{f({1}, {1})}, {ints({std::numeric_limits<int64_t>::max()})}}), ""));
  CHECK(has(refused("Tile", {}, {{f({1}, {1})}, {ints({-1})}}), "negative"));
  CHECK(has(refused("Expand", {}, {{f({2}, {1, 2})}, {ints({3})}}), "broadcast"));
}

TEST_CASE("Pad in its four modes, crops with negative pads") {
  Tensor x = f({3}, {1, 2, 3}), two = ints({2, 2});
  auto pad = [&](const char* mode, Tensor pads, Tensor want) {
    check_op({.node = node("Pad", "", {{"mode", std::string(mode)}}), .inputs = {{x}, {std::move(pads), true}}, .expected = {std::move(want)}});
  };
  pad("constant", two, f({7}, {0, 0, 1, 2, 3, 0, 0}));
  pad("reflect", two, f({7}, {3, 2, 1, 2, 3, 2, 1}));
  pad("edge", two, f({7}, {1, 1, 1, 2, 3, 3, 3}));
  pad("wrap", two, f({7}, {2, 3, 1, 2, 3, 1, 2}));
  pad("constant", ints({-1, 1}), f({3}, {2, 3, 0}));
  check_op({.node = node("Pad"),
            .inputs = {{f({1, 2}, {1, 2})}, {ints({1, 0}), true}, {Tensor::scalar(9.0f)}, {ints({-1}), true}},
            .expected = {f({1, 3}, {9, 1, 2})}});
  CHECK(has(refused("Pad", {}, {{x}, {ints({-2, -2})}}), "leave less"));
  CHECK(has(refused("Pad", {}, {{x}, {ints({std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()})}}), "pads"));
  CHECK(has(refused("Pad", {{"mode", std::string("edge")}}, {{f({0}, {})}, {ints({1, 1})}}), "nothing"));
}

TEST_CASE("Compress, Trilu, ReverseSequence, OneHot") {
  check_op({.node = node("Compress", "", {{"axis", int64_t{1}}}),
            .inputs = {{f({2, 3}, {1, 2, 3, 4, 5, 6})}, {Tensor::of<bool>({2}, {false, true})}},
            .expected = {f({2, 1}, {2, 5})},
            .dynamic = true});
  CHECK(has(refused("Compress", {}, {{f({1}, {1})}, {Tensor::of<bool>({2}, {false, true})}}), "beyond"));
  Tensor x = f({2, 2}, {1, 2, 3, 4});
  check_op({.node = node("Trilu"), .inputs = {{x}}, .expected = {f({2, 2}, {1, 2, 0, 4})}});
  check_op({.node = node("Trilu", "", {{"upper", int64_t{0}}}), .inputs = {{x}, {ints(Shape{}, {-1})}}, .expected = {f({2, 2}, {0, 0, 3, 0})}});
  check_op({.node = node("Trilu"), .inputs = {{x}, {ints(Shape{}, {std::numeric_limits<int64_t>::max()})}}, .expected = {f({2, 2}, {0, 0, 0, 0})}});
  check_op({.node = node("ReverseSequence"), .inputs = {{x}, {ints({2, 1})}}, .expected = {f({2, 2}, {3, 2, 1, 4})}});
  CHECK(has(refused("ReverseSequence", {}, {{x}, {ints({3, 1})}}), "sequence length"));
  check_op({.node = node("OneHot"),
            .inputs = {{ints({1, -1, 5})}, {ints({3}), true}, {f({2}, {0, 7})}},
            .expected = {f({3, 3}, {0, 7, 0, 0, 0, 7, 0, 0, 0})}});
  CHECK(has(refused("OneHot", {}, {{ints({0})}, {ints({-1})}, {f({2}, {0, 1})}}), "depth"));
}

TEST_CASE("DepthToSpace and SpaceToDepth rearrange blocks") {
  moves("DepthToSpace", {{"blocksize", int64_t{2}}}, {1, 4, 1, 1}, {}, {1, 1, 2, 2}, {0, 1, 2, 3});
  moves("SpaceToDepth", {{"blocksize", int64_t{2}}}, {1, 1, 2, 2}, {}, {1, 4, 1, 1}, {0, 1, 2, 3});
  moves("DepthToSpace", {{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}}, {1, 8, 1, 1}, {}, {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  moves("DepthToSpace", {{"blocksize", int64_t{2}}}, {1, 8, 1, 1}, {}, {1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7});
  CHECK(has(refused("DepthToSpace", {{"blocksize", int64_t{0}}}, {{f({1, 1, 1, 1}, {1})}}), "blocksize"));
  CHECK(has(refused("SpaceToDepth", {{"blocksize", int64_t{2}}}, {{f({1, 1, 1, 1}, {1})}}), "blocks"));
}

TEST_CASE("Identity, Shape, Size") {
  moves("Identity", {}, {2, 2}, {}, {2, 2}, {0, 1, 2, 3});
  Tensor x = Tensor::zeros(DType::i4, {2, 0, 3});
  check_op({.node = node("Shape", "", {{"start", int64_t{-2}}, {"end", int64_t{9}}}), .inputs = {{x}}, .expected = {ints({0, 3})}});
  check_op({.node = node("Size"), .inputs = {{x}}, .expected = {Tensor::scalar(int64_t{0})}});
}

TEST_CASE("Unique and NonZero") {
  check_op({.node = node("Unique"),
            .inputs = {{f({5}, {3, 1, 1, 4, 3})}},
            .outputs = 4,
            .expected = {f({3}, {1, 3, 4}), ints({1, 0, 3}), ints({1, 0, 0, 2, 1}), ints({2, 2, 1})},
            .dynamic = true});
  check_op({.node = node("Unique", "", {{"sorted", int64_t{0}}}),
            .inputs = {{words({3}, {"b", "a", "b"})}},
            .outputs = 2,
            .expected = {words({2}, {"b", "a"}), ints({0, 1})},
            .dynamic = true});
  check_op({.node = node("Unique", "", {{"axis", int64_t{0}}}),
            .inputs = {{f({3, 2}, {2, 1, 1, 1, 2, 1})}},
            .expected = {f({2, 2}, {1, 1, 2, 1})},
            .dynamic = true});
  check_op({.node = node("NonZero"), .inputs = {{f({2, 2}, {0, 1, 2, 0})}}, .expected = {ints({2, 2}, {0, 1, 1, 0})}, .dynamic = true});
}
