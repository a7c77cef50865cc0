// Distance of a model's outputs from those of its float form, summed over samples.
#pragma once
#include <map>
#include <string>

#include "runtime/session.h"

namespace mo::search {

class OutputDistance {
 public:
  void add(const runtime::Named& reference, const runtime::Named& outputs);  // of one sample or batch

  double noise() const;   // noise power over signal power, mean over the outputs; 0 when equal
  double snr_db() const;  // of that mean; infinite when equal
  double cosine() const;  // the lowest of an output
  double kl() const;      // mean over rows of sum p log(p / q), for outputs of scores per class; NaN without such an output

 private:
  struct Sums {
    double signal = 0, noise = 0, other = 0, product = 0;
  };
  void add_rows(const std::vector<float>& a, const std::vector<float>& b, int64_t width);
  std::map<std::string, Sums, std::less<>> sums_;
  double kl_ = 0;
  int64_t rows_ = 0;
};

}  // namespace mo::search
