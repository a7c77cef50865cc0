// Sequences, optionals and strings: hand-worked values and positions outside.
#include <doctest/doctest.h>

#include "ops/interpret.h"
#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

Tensor f(Shape s, std::initializer_list<float> v) { return Tensor::of<float>(std::move(s), v); }
Tensor words(Shape s, std::initializer_list<std::string> v) { return Tensor::of<std::string>(std::move(s), v); }
Tensor ints(std::initializer_list<int64_t> v) { return Tensor::of<int64_t>({static_cast<int64_t>(v.size())}, v); }

Datum run(const char* op, std::vector<Datum> in, std::vector<std::pair<std::string, graph::AttrValue>> attributes = {}) {
  graph::Node n = node(op, "", std::move(attributes));
  for (size_t i = 0; i < in.size(); ++i)
    n.inputs.push_back(in[i].is_none() && n.op != "OptionalHasElement" && n.op != "OptionalGetElement" ? graph::k_none : static_cast<int>(i));
  n.outputs = {100};
  return ops::interpret_node(n, in)[0];
}

Datum position(int64_t i) { return Tensor::scalar(i); }

}  // namespace

TEST_CASE("sequences are built, read, changed and measured") {
  Datum s = run("SequenceConstruct", {f({1}, {1}), f({2}, {2, 3})});
  REQUIRE(s.is_sequence());
  CHECK(run("SequenceLength", {s}).tensor.integer() == 2);
  CHECK(run("SequenceAt", {s, position(-1)}).tensor.shape() == Shape{2});
  Datum longer = run("SequenceInsert", {s, f({1}, {9}), position(-1)});
  CHECK(longer.items->at(1).tensor.number() == 9);
  CHECK(run("SequenceInsert", {s, f({1}, {9})}).items->at(2).tensor.number() == 9);
  CHECK(run("SequenceErase", {longer}).items->size() == 2);
  CHECK(run("SequenceErase", {longer, position(0)}).items->at(0).tensor.number() == 9);
  CHECK(run("SequenceEmpty", {}).items->empty());
  for (int64_t bad : {2, -3}) CHECK_THROWS_AS(run("SequenceAt", {s, position(bad)}), Error);
  CHECK_THROWS_AS(run("SequenceInsert", {s, f({1}, {9}), position(3)}), Error);
  CHECK_THROWS_AS(run("SequenceErase", {run("SequenceEmpty", {})}), Error);
  CHECK_THROWS_AS(run("SequenceInsert", {s, ints({1})}), Error);
  CHECK_THROWS_AS(run("SequenceAt", {f({1}, {1}), position(0)}), Error);
}

TEST_CASE("ConcatFromSequence joins or stacks what SplitToSequence cut") {
  Tensor x = f({2, 3}, {1, 2, 3, 4, 5, 6});
  Datum parts = run("SplitToSequence", {x, position(2)}, {{"axis", int64_t{1}}});
  REQUIRE(parts.items->size() == 2);
  CHECK(parts.items->at(1).tensor.shape() == Shape{2, 1});
  CHECK(identical(run("ConcatFromSequence", {parts}, {{"axis", int64_t{1}}}).tensor, x));
  Datum rows = run("SplitToSequence", {x}, {{"keepdims", int64_t{0}}});
  CHECK(rows.items->at(0).tensor.shape() == Shape{3});
  CHECK(identical(run("ConcatFromSequence", {rows}, {{"axis", int64_t{0}}, {"new_axis", int64_t{1}}}).tensor, x));
  CHECK_THROWS_AS(run("SplitToSequence", {x, position(0)}), Error);
  CHECK_THROWS_AS(run("ConcatFromSequence", {Datum::sequence({})}, {{"axis", int64_t{0}}}), Error);
}

TEST_CASE("SequenceMap runs its body for each element") {
  graph::GraphPtr body = std::make_shared<graph::Graph>(graph::parse("(float32[] a, float32[] b) -> (y) { y = Add(a, b); }"));
  Datum s = run("SequenceConstruct", {Tensor::scalar(1.0f), Tensor::scalar(2.0f)});
  Datum y = run("SequenceMap", {s, Tensor::scalar(10.0f)}, {{"body", body}});
  REQUIRE(y.items->size() == 2);
  CHECK(y.items->at(1).tensor.number() == 12);
}

TEST_CASE("optionals hold something or nothing") {
  Datum x = f({1}, {4});
  CHECK(run("Optional", {x}).tensor.number() == 4);
  CHECK(run("Optional", {}, {{"type", graph::Type::tensor(DType::f32)}}).is_none());
  CHECK(run("OptionalHasElement", {x}).tensor.integer() == 1);
  CHECK(run("OptionalHasElement", {Datum()}).tensor.integer() == 0);
  CHECK(run("OptionalHasElement", {}).tensor.integer() == 0);
  CHECK(run("OptionalGetElement", {x}).tensor.number() == 4);
  CHECK_THROWS_AS(run("OptionalGetElement", {Datum()}), Error);
}

TEST_CASE("strings are joined, split, matched and cleaned") {
  check_op({.node = node("StringConcat"), .inputs = {{words({2}, {"a", "b"})}, {words({}, {"!"})}}, .expected = {words({2}, {"a!", "b!"})}});
  check_op({.node = node("StringSplit", "", {{"delimiter", std::string(",")}, {"maxsplit", int64_t{1}}}),
            .inputs = {{words({2}, {"a,b,c", ""})}},
            .outputs = 2,
            .expected = {words({2, 2}, {"a", "b,c", "", ""}), ints({2, 1})},
            .dynamic = true});
  check_op({.node = node("StringSplit"),
            .inputs = {{words({1}, {"  x  y "})}},
            .outputs = 2,
            .expected = {words({1, 2}, {"x", "y"}), ints({2})},
            .dynamic = true});
  check_op({.node = node("RegexFullMatch", "", {{"pattern", std::string("a+b?")}}),
            .inputs = {{words({3}, {"aab", "ba", "a"})}},
            .expected = {Tensor::of<bool>({3}, {true, false, true})}});
  CHECK(op_error({.node = node("RegexFullMatch", "", {{"pattern", std::string("(")}}), .inputs = {{words({1}, {""})}}}).find("pattern") !=
        std::string::npos);
  check_op({.node = node("StringNormalizer", "", {{"case_change_action", std::string("UPPER")}, {"stopwords", std::vector<std::string>{"The"}}}),
            .inputs = {{words({3}, {"the", "größe", "жук"})}},
            .expected = {words({2}, {"GRÖßE", "ЖУК"})},
            .dynamic = true});
}

TEST_CASE("TfIdfVectorizer counts n-grams with skips and weights them") {
  std::vector<std::pair<std::string, graph::AttrValue>> a{{"mode", std::string("TF")},
                                                          {"min_gram_length", int64_t{1}},
                                                          {"max_gram_length", int64_t{2}},
                                                          {"max_skip_count", int64_t{1}},
                                                          {"ngram_counts", std::vector<int64_t>{0, 2}},
                                                          {"ngram_indexes", std::vector<int64_t>{0, 1, 2}},
                                                          {"pool_int64s", std::vector<int64_t>{5, 6, 5, 6}}};
  check_op({.node = node("TfIdfVectorizer", "", a), .inputs = {{ints({5, 6, 5, 9, 6})}}, .expected = {f({3}, {2, 2, 2})}});
  a[5].second = std::vector<int64_t>{0, -1, 2};
  CHECK(!op_error({.node = node("TfIdfVectorizer", "", a), .inputs = {{ints({5})}}}).empty());
}
