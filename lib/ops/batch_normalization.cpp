// BatchNormalization: y = (x - mean) / sqrt(var + epsilon) * scale + b per channel; training mode takes the statistics from the batch.
#include <cmath>

#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  for (size_t i = 1; i < 5; ++i) expect_rank(c, i, 1);
  if (c.rank() >= 2)
    for (size_t i = 1; i < 5; ++i) same_dim(dim_of(c, 0, 1), dim_of(c, i, 0), "channels differ");
  if (c.wants(1)) c.set(1, c.dtype(3), {dim_of(c, 3, 0)});
  if (c.wants(2)) c.set(2, c.dtype(4), {dim_of(c, 4, 0)});
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  require(!shape.empty(), Code::shape, "X is a scalar");
  int64_t batch = shape[0], channels = shape.size() >= 2 ? shape[1] : 1;
  int64_t plane = shape.size() >= 2 ? checked_product(std::span(shape).subspan(2)) : 1;
  for (size_t i = 1; i < 5; ++i) require_shape(c, i, {channels});
  double epsilon = c.node.f("epsilon", 1e-5f), momentum = c.node.f("momentum", 0.9f);
  std::vector<double> scale = doubles(c.in(1)), bias = doubles(c.in(2)), mean = doubles(c.in(3)), var = doubles(c.in(4));
  bool training = c.node.i("training_mode", 0) != 0;
  with_float(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    Tensor x = as<T>(c.in(0));
    const T* src = x.data<T>();
    if (training) {
      std::vector<double> running_mean = mean, running_var = var;
      for (int64_t k = 0; k < channels; ++k) {
        double sum = 0, square = 0, count = static_cast<double>(batch * plane);
        for (int64_t n = 0; n < batch; ++n)
          for (int64_t i = 0; i < plane; ++i) sum += static_cast<double>(src[(n * channels + k) * plane + i]);
        double m = count > 0 ? sum / count : 0;
        for (int64_t n = 0; n < batch; ++n)
          for (int64_t i = 0; i < plane; ++i) {
            double d = static_cast<double>(src[(n * channels + k) * plane + i]) - m;
            square += d * d;
          }
        size_t s = static_cast<size_t>(k);
        mean[s] = m;
        var[s] = count > 0 ? square / count : 0;
        running_mean[s] = running_mean[s] * momentum + mean[s] * (1 - momentum);
        running_var[s] = running_var[s] * momentum + var[s] * (1 - momentum);
      }
      for (size_t o : {1, 2}) {
        if (!c.wants(o)) continue;
        Tensor& t = c.out(o, c.dtype(o + 2), {channels});
        for (int64_t k = 0; k < channels; ++k) t.set_number(k, (o == 1 ? running_mean : running_var)[static_cast<size_t>(k)]);
      }
    }
    Result<T> y(c, 0, c.dtype(), shape);
    T* dst = y.data();
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t k = 0; k < channels; ++k) {
        size_t s = static_cast<size_t>(k);
        double factor = scale[s] / std::sqrt(var[s] + epsilon);
        for (int64_t i = (n * channels + k) * plane, end = i + plane; i < end; ++i)
          dst[i] = static_cast<T>((static_cast<double>(src[i]) - mean[s]) * factor + bias[s]);
      }
    y.finish();
  });
}

Cost cost(const CostQuery& q) {
  Cost r;
  if (q.outputs[0].is_static()) r.flops = 2 * element_count(q.outputs[0].shape());
  return r;
}

int since(const Node& n, std::span<const Type> in) {
  if (in.size() >= 4 && (in[0].dtype != in[1].dtype || in[0].dtype != in[3].dtype)) return 15;
  for (const Type& t : in)
    if (t.dtype == DType::bf16) return 14;
  return n.i("training_mode", 0) ? 14 : 9;
}

}  // namespace

extern const OpDef batch_normalization{.name = "BatchNormalization",
                                       .min_inputs = 5,
                                       .max_inputs = 5,
                                       .max_outputs = 3,
                                       .infer = infer,
                                       .run = run,
                                       .cost = cost,
                                       .since = 9,
                                       .since_of = since};

}  // namespace mo::ops
