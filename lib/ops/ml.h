// What the classical-learning operators (domain ai.onnx.ml) share: rows of features, post transforms, class labels.
#pragma once
#include <cmath>

#include "ops/helpers.h"

namespace mo::ops {

// Input i as doubles: [n, f], a vector counting as one row.
struct Rows {
  int64_t n = 0, features = 0;
  std::vector<double> values;
  const double* row(int64_t i) const { return values.data() + i * features; }
};
Rows feature_rows(const Run& c, size_t i = 0);

enum class PostTransform { none, softmax, logistic, softmax_zero, probit };
PostTransform post_transform(const std::string& name);
void apply_post_transform(PostTransform how, double* scores, int64_t n);

// Labels of a classifier: attributes classlabels_strings, or classlabels_ints / classlabels_int64s.
struct ClassLabels {
  std::vector<std::string> strings;
  std::vector<int64_t> numbers;
  bool textual() const { return !strings.empty(); }
  int64_t size() const { return static_cast<int64_t>(textual() ? strings.size() : numbers.size()); }
};
ClassLabels class_labels(const Node& n, const char* number_attribute);
// Output 0 as the labels with the given indices.
void write_labels(Run& c, const ClassLabels& labels, std::span<const int64_t> chosen);
void infer_classifier(Infer& c, const char* number_attribute);
// Output: [rows, columns] of float; columns -1 when unknown.
void infer_scores(Infer& c, size_t output, int64_t columns);

}  // namespace mo::ops
