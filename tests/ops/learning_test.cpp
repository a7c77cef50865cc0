// The classical-learning operators (ai.onnx.ml) on hand-worked cases; ONNX Runtime agreed on random ones when they were written.
#include <doctest/doctest.h>

#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

namespace {

using Attributes = std::vector<std::pair<std::string, graph::AttrValue>>;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;
using Words = std::vector<std::string>;

Tensor f(Shape s, std::initializer_list<float> v) { return Tensor::of<float>(std::move(s), v); }
Tensor ints(std::initializer_list<int64_t> v) { return Tensor::of<int64_t>({static_cast<int64_t>(v.size())}, v); }
Tensor words(std::initializer_list<std::string> v) { return Tensor::of<std::string>({static_cast<int64_t>(v.size())}, v); }

void ml(const char* op, Attributes attributes, std::vector<KernelInput> in, std::vector<Tensor> want) {
  CAPTURE(op);
  int outputs = static_cast<int>(want.size());
  check_op({.node = node(op, "ai.onnx.ml", std::move(attributes)), .inputs = std::move(in), .outputs = outputs, .expected = std::move(want)});
}

std::string refused(const char* op, Attributes attributes, std::vector<KernelInput> in, int outputs = 1) {
  return op_error({.node = node(op, "ai.onnx.ml", std::move(attributes)), .inputs = std::move(in), .outputs = outputs});
}

// x0 <= 1 ? leaf 1 : leaf 2, as the older operators write it.
Attributes stump(const char* prefix, Floats weights) {
  std::string p = prefix;
  return {{"nodes_treeids", Ints{0, 0, 0}},
          {"nodes_nodeids", Ints{0, 1, 2}},
          {"nodes_featureids", Ints{0, 0, 0}},
          {"nodes_values", Floats{1, 0, 0}},
          {"nodes_modes", Words{"BRANCH_LEQ", "LEAF", "LEAF"}},
          {"nodes_truenodeids", Ints{1, 0, 0}},
          {"nodes_falsenodeids", Ints{2, 0, 0}},
          {p + "_treeids", Ints{0, 0}},
          {p + "_nodeids", Ints{1, 2}},
          {p + "_ids", Ints{0, 0}},
          {p + "_weights", std::move(weights)}};
}

}  // namespace

TEST_CASE("feature operators") {
  Tensor x = f({2, 2}, {1, -2, 3, 4});
  ml("Binarizer", {{"threshold", 1.0f}}, {{x}}, {f({2, 2}, {0, 0, 1, 1})});
  ml("Scaler", {{"offset", Floats{1, 0}}, {"scale", Floats{2, 10}}}, {{x}}, {f({2, 2}, {0, -20, 4, 40})});
  ml("Normalizer", {{"norm", std::string("L1")}}, {{x}}, {f({2, 2}, {1.0f / 3, -2.0f / 3, 3.0f / 7, 4.0f / 7})});
  ml("Imputer", {{"imputed_value_floats", Floats{7}}, {"replaced_value_float", -2.0f}}, {{x}}, {f({2, 2}, {1, 7, 3, 4})});
  ml("FeatureVectorizer", {{"inputdimensions", Ints{2, 1}}}, {{x}, {Tensor::of<int64_t>({2, 1}, {5, 6})}}, {f({2, 3}, {1, -2, 5, 3, 4, 6})});
  ml("ArrayFeatureExtractor", {}, {{x}, {ints({1})}}, {f({2, 1}, {-2, 4})});
  CHECK(refused("ArrayFeatureExtractor", {}, {{x}, {ints({-1})}}).find("outside") != std::string::npos);
  CHECK(refused("ArrayFeatureExtractor", {}, {{x}, {ints({2})}}).find("outside") != std::string::npos);
  CHECK(!refused("Scaler", {{"offset", Floats{1, 0, 3}}, {"scale", Floats{2, 10, 3}}}, {{x}}).empty());
}

TEST_CASE("labels and categories") {
  ml("LabelEncoder", {{"keys_strings", Words{"a", "b"}}, {"values_int64s", Ints{5, 6}}}, {{words({"b", "z", "a"})}}, {ints({6, -1, 5})});
  ml("LabelEncoder",
     {{"keys_tensor", Tensor::of<int32_t>({2}, {1, 2})},
      {"values_tensor", Tensor::of<double>({2}, {0.5, 1.5})},
      {"default_tensor", Tensor::of<double>({1}, {9.0})}},
     {{Tensor::of<int32_t>({2}, {2, 3})}}, {Tensor::of<double>({2}, {1.5, 9.0})});
  ml("CategoryMapper", {{"cats_strings", Words{"a", "b"}}, {"cats_int64s", Ints{5, 6}}}, {{ints({6, 7})}}, {words({"b", "_Unused"})});
  ml("OneHotEncoder", {{"cats_int64s", Ints{4, 8}}}, {{ints({8, 9})}}, {f({2, 2}, {0, 1, 0, 0})});
  CHECK(refused("OneHotEncoder", {{"cats_int64s", Ints{4}}, {"zeros", int64_t{0}}}, {{ints({5})}}).find("category") != std::string::npos);
}

TEST_CASE("linear models") {
  Tensor x = f({2, 2}, {1, 2, -1, 0});
  ml("LinearRegressor", {{"coefficients", Floats{1, 10}}, {"intercepts", Floats{0.5f}}}, {{x}}, {f({2, 1}, {21.5f, -0.5f})});
  ml("LinearClassifier", {{"coefficients", Floats{1, 0, 0, 1}}, {"intercepts", Floats{0, 0}}, {"classlabels_strings", Words{"p", "q"}}}, {{x}},
     {words({"q", "q"}), f({2, 2}, {1, 2, -1, 0})});
  ml("LinearClassifier", {{"coefficients", Floats{1, 0}}, {"classlabels_ints", Ints{3, 4}}, {"post_transform", std::string("LOGISTIC")}}, {{x}},
     {ints({4, 3}), f({2, 2}, {0.26894142f, 0.73105858f, 0.73105858f, 0.26894142f})});
  CHECK(!refused("LinearRegressor", {{"coefficients", Floats{1}}}, {{x}}).empty());
}

TEST_CASE("support vector machines") {
  Tensor x = f({1, 2}, {1, 2});
  ml("SVMRegressor", {{"coefficients", Floats{2, -1}}, {"support_vectors", Floats{1, 0, 0, 1}}, {"n_supports", int64_t{2}}, {"rho", Floats{0.5f}}},
     {{x}}, {f({1, 1}, {0.5f})});
  ml("SVMClassifier",
     {{"coefficients", Floats{1, -1}},
      {"support_vectors", Floats{1, 0, 0, 1}},
      {"vectors_per_class", Ints{1, 1}},
      {"rho", Floats{0}},
      {"classlabels_ints", Ints{7, 8}}},
     {{x}}, {ints({8}), f({1, 2}, {1, -1})});
  CHECK(!refused("SVMClassifier",
                 {{"coefficients", Floats{1}},
                  {"support_vectors", Floats{1, 0, 0, 1}},
                  {"vectors_per_class", Ints{1, 1}},
                  {"rho", Floats{0}},
                  {"classlabels_ints", Ints{7, 8}}},
                 {{x}}, 2)
             .empty());
}

TEST_CASE("decision trees, old and new form") {
  Tensor x = f({3, 1}, {0, 2, 1});
  ml("TreeEnsembleRegressor", stump("target", {10, 20}), {{x}}, {f({3, 1}, {10, 20, 10})});
  Attributes a = stump("class", {0.25f, 0.75f});
  a.emplace_back("classlabels_int64s", Ints{3, 4});
  ml("TreeEnsembleClassifier", a, {{x}}, {ints({3, 4, 3}), f({3, 2}, {0.75f, 0.25f, 0.25f, 0.75f, 0.75f, 0.25f})});
  Attributes n{{"tree_roots", Ints{0}},        {"n_targets", int64_t{1}},         {"nodes_modes", Tensor::of<uint8_t>({1}, {0})},
               {"nodes_featureids", Ints{0}},  {"nodes_splits", f({1}, {1})},     {"nodes_truenodeids", Ints{0}},
               {"nodes_trueleafs", Ints{1}},   {"nodes_falsenodeids", Ints{1}},   {"nodes_falseleafs", Ints{1}},
               {"leaf_targetids", Ints{0, 0}}, {"leaf_weights", f({2}, {10, 20})}};
  ml("TreeEnsemble", n, {{x}}, {f({3, 1}, {10, 20, 10})});
  n[6].second = Ints{0};  // the true branch leads back to the root
  CHECK(refused("TreeEnsemble", n, {{x}}).find("cycle") != std::string::npos);
  n[3].second = Ints{5};
  CHECK(refused("TreeEnsemble", n, {{x}}).find("feature") != std::string::npos);
  n[0].second = Ints{9};
  CHECK(refused("TreeEnsemble", n, {{x}}).find("root") != std::string::npos);
}
