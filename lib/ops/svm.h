// The kernels of support vector machines: linear, polynomial, radial and sigmoid.
#pragma once
#include "ops/ml.h"

namespace mo::ops {

class SvmKernel {
 public:
  explicit SvmKernel(const Node& n) : type_(n.s("kernel_type", "LINEAR")) {
    require(type_ == "LINEAR" || type_ == "POLY" || type_ == "RBF" || type_ == "SIGMOID", Code::format, "kernel_type ", printable(type_),
            " is unknown");
    std::vector<float> p = n.floats("kernel_params");
    require(p.empty() || p.size() == 3, Code::format, "kernel_params of ", p.size(), " elements, wanted 3");
    if (!p.empty()) gamma_ = p[0], coef0_ = p[1], degree_ = p[2];
  }

  double operator()(const double* x, const float* support, int64_t n) const {
    double sum = 0;
    if (type_ == "RBF") {
      for (int64_t i = 0; i < n; ++i) sum += (x[i] - support[i]) * (x[i] - support[i]);
      return std::exp(-gamma_ * sum);
    }
    for (int64_t i = 0; i < n; ++i) sum += x[i] * support[i];
    if (type_ == "POLY") return std::pow(gamma_ * sum + coef0_, degree_);
    return type_ == "SIGMOID" ? std::tanh(gamma_ * sum + coef0_) : sum;
  }

 private:
  std::string type_;
  double gamma_ = 0, coef0_ = 0, degree_ = 0;
};

}  // namespace mo::ops
