// What the classical-learning operators (domain ai.onnx.ml) share: rows of features, post transforms, class labels.
#include "ops/ml.h"

#include <algorithm>
#include <numbers>

namespace mo::ops {

Rows feature_rows(const Run& c, size_t i) {
  const Tensor& x = c.in(i);
  require(x.dtype() != DType::string, Code::type, "features must be numbers");
  require(x.rank() == 1 || x.rank() == 2, Code::shape, "shape ", x.shape(), ", wanted [n, f] or [f]");
  require(x.size() > 0 || x.dim(0) < (int64_t{1} << 24), Code::limit, "shape ", x.shape(), ": too many empty rows");
  Rows r{x.rank() == 2 ? x.dim(0) : 1, x.dim(-1), {}};
  Tensor wide = x.cast(DType::f64);
  r.values.assign(wide.data<double>(), wide.data<double>() + wide.size());
  return r;
}

PostTransform post_transform(const std::string& name) {
  if (name == "NONE") return PostTransform::none;
  if (name == "SOFTMAX") return PostTransform::softmax;
  if (name == "LOGISTIC") return PostTransform::logistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::softmax_zero;
  if (name == "PROBIT") return PostTransform::probit;
  fail(Code::format, "post_transform ", printable(name), " is unknown");
}

namespace {

// Inverse error function: Winitzki's approximation, then Newton's method.
double inverse_erf(double x) {
  if (!(x > -1 && x < 1)) return x == 1 ? HUGE_VAL : x == -1 ? -HUGE_VAL : std::nan("");
  double l = std::log(1 - x * x), a = 2 / (std::numbers::pi * 0.147) + l / 2;
  double y = std::copysign(std::sqrt(std::sqrt(a * a - l / 0.147) - a), x);
  for (int i = 0; i < 3; ++i) y -= (std::erf(y) - x) / (2 * std::numbers::inv_sqrtpi * std::exp(-y * y));
  return y;
}

void softmax(double* s, int64_t n, bool keep_zeros) {
  double top = *std::max_element(s, s + n), sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    bool zero = keep_zeros && std::fabs(s[i]) <= 1e-7;
    s[i] = zero ? s[i] * std::exp(-top) : std::exp(s[i] - top);
    sum += s[i];
  }
  for (int64_t i = 0; i < n; ++i) s[i] = sum != 0 ? s[i] / sum : 0;
}

}  // namespace

void apply_post_transform(PostTransform how, double* s, int64_t n) {
  if (n == 0) return;
  switch (how) {
    case PostTransform::none: return;
    case PostTransform::softmax: return softmax(s, n, false);
    case PostTransform::softmax_zero: return softmax(s, n, true);
    case PostTransform::logistic:
      for (int64_t i = 0; i < n; ++i) s[i] = 1 / (1 + std::exp(-s[i]));
      return;
    case PostTransform::probit:
      for (int64_t i = 0; i < n; ++i) s[i] = std::numbers::sqrt2 * inverse_erf(2 * s[i] - 1);
      return;
  }
}

ClassLabels class_labels(const Node& n, const char* number_attribute) {
  ClassLabels l{n.strings("classlabels_strings"), n.ints(number_attribute)};
  require(l.strings.empty() != l.numbers.empty(), Code::format, "one of classlabels_strings and ", number_attribute, " must be given");
  return l;
}

void write_labels(Run& c, const ClassLabels& labels, std::span<const int64_t> chosen) {
  Shape shape{static_cast<int64_t>(chosen.size())};
  if (labels.textual()) {
    std::string* dst = c.out(0, DType::string, shape).mutable_data<std::string>();
    for (size_t i = 0; i < chosen.size(); ++i) dst[i] = labels.strings.at(static_cast<size_t>(chosen[i]));
  } else {
    int64_t* dst = c.out(0, DType::i64, shape).mutable_data<int64_t>();
    for (size_t i = 0; i < chosen.size(); ++i) dst[i] = labels.numbers.at(static_cast<size_t>(chosen[i]));
  }
}

void infer_scores(Infer& c, size_t output, int64_t columns) {
  const Type& in = c.input(0);
  Dim rows = !in.ranked ? Dim() : in.rank() == 2 ? in.dims[0] : known_dim(1);
  c.set(output, DType::f32, {rows, columns < 0 ? Dim() : known_dim(columns)});
}

void infer_classifier(Infer& c, const char* number_attribute) {
  ClassLabels labels = class_labels(c.node, number_attribute);
  infer_scores(c, 1, labels.size());
  c.set(0, labels.textual() ? DType::string : DType::i64, {c.wants(1) && c.outputs() > 1 ? c.output(1).dims[0] : Dim()});
}

}  // namespace mo::ops
