// Compare: how far two models that should compute the same are apart, at their outputs and at every inner value they share by name.
#pragma once
#include "runtime/session.h"

namespace mo::runtime {

// Distance of one value, accumulated over samples. The reference is the first model.
struct ValueError {
  std::string name;
  std::string node, op;    // of the first model's node that makes it
  int64_t elements = 0;    // compared, over all samples
  int64_t not_finite = 0;  // elements where exactly one side is finite, or both are not and differ
  double snr_db = 0;       // 10 log10(sum a² / sum (a - b)²); infinite when equal
  double cosine = 1;
  double max_abs = 0;  // largest |a - b|
  double mean_abs = 0;
  double range = 0;      // max a - min a
  double agreement = 0;  // of outputs of rank >= 2: share of rows whose largest element along the last axis is the same
};

struct CompareOptions {
  bool inner_values = true;  // else outputs only
  int threads = 1;
};

struct CompareResult {
  std::vector<ValueError> outputs;
  std::vector<ValueError> values;  // inner ones, in the order in which the first model makes them
  int64_t samples = 0;
};

class Comparer {
 public:
  // Inputs and outputs are matched by name; every output of `a` must exist in `b`.
  Comparer(const graph::Graph& a, const graph::Graph& b, const CompareOptions& options = {});
  ~Comparer();
  Comparer(const Comparer&) = delete;
  Comparer& operator=(const Comparer&) = delete;

  void feed(const Named& inputs, Control* control = nullptr);  // one sample (or batch)
  CompareResult result() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Two tensors at once, for tests and reports. Throws Code::shape when shapes differ.
ValueError compare_tensors(const Tensor& a, const Tensor& b);

}  // namespace mo::runtime
