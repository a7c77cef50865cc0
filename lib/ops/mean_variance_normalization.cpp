// MeanVarianceNormalization: (x - mean) / (standard deviation + 1e-9), statistics over `axes`.
#include "ops/normalize.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  if (c.rank() >= 0)
    for (int64_t a : c.node.ints("axes", {0, 2, 3})) normal_axis(a, c.rank());
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  std::vector<char> reduced(shape.size(), 0);
  for (int64_t a : c.node.ints("axes", {0, 2, 3})) reduced[static_cast<size_t>(normal_axis(a, c.in(0).rank()))] = 1;
  Shape kept;  // 1 where reduced
  for (size_t a = 0; a < shape.size(); ++a) kept.push_back(reduced[a] ? 1 : shape[a]);
  std::vector<int64_t> strides = broadcast_strides(kept, shape.size());
  auto cell = [&](int64_t i) {
    int64_t at = 0;
    for (size_t a = shape.size(); a-- > 0;) {
      at += i % shape[a] * strides[a];
      i /= shape[a];
    }
    return static_cast<size_t>(at);
  };
  size_t cells = static_cast<size_t>(element_count(kept));
  std::vector<double> mean(cells, 0), variance(cells, 0);
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    const T* src = x.data<T>();
    int64_t size = x.size();
    double count = cells > 0 ? static_cast<double>(size) / static_cast<double>(cells) : 1;
    for (int64_t i = 0; i < size; ++i) mean[cell(i)] += static_cast<double>(src[i]) / count;
    for (int64_t i = 0; i < size; ++i) {
      double d = static_cast<double>(src[i]) - mean[cell(i)];
      variance[cell(i)] += d * d / count;
    }
    Result<T> y(c, 0, c.dtype(), shape);
    T* dst = y.data();
    for (int64_t i = 0; i < size; ++i) dst[i] = static_cast<T>((static_cast<double>(src[i]) - mean[cell(i)]) / (std::sqrt(variance[cell(i)]) + 1e-9));
    y.finish();
  });
}

}  // namespace

extern const OpDef mean_variance_normalization{.name = "MeanVarianceNormalization",
                                               .min_inputs = 1,
                                               .max_inputs = 1,
                                               .infer = infer,
                                               .run = run,
                                               .cost = normalize_cost,
                                               .since = 9,
                                               .since_of = since_bf16<9, 13>};

}  // namespace mo::ops
