// CausalConvWithState: a depthwise convolution over past_state followed by the input; the last k - 1 elements are the next state.
#include <cmath>

#include "ops/compute.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  expect_rank(c, 0, 3);
  expect_rank(c, 1, 3);
  Dim k = dim_of(c, 1, 2);
  require(!k.known() || k.size >= 1, Code::shape, "kernel of ", k.size);
  c.set(1, c.dtype(), {dim_of(c, 0, 0), dim_of(c, 0, 1), k.known() ? known_dim(k.size - 1) : Dim()});
}

void run(Run& c) {
  require_rank(c, 0, 3);
  require_rank(c, 1, 3);
  const Shape& s = c.in(0).shape();
  int64_t batch = s[0], channels = s[1], length = s[2], k = c.in(1).shape()[2];
  require_shape(c, 1, {channels, 1, k});
  require(k >= 1, Code::shape, "kernel of ", k);
  if (c.has(2)) require_shape(c, 2, {channels});
  if (c.has(3)) require_shape(c, 3, {batch, channels, k - 1});
  std::string activation = c.node.s("activation", "none");
  bool silu = activation == "silu" || activation == "swish";
  require(silu || activation == "none" || activation.empty(), Code::invalid_argument, "activation is '", printable(activation), "'");
  std::vector<double> x = doubles(c.in(0)), w = doubles(c.in(1)), past = c.has(3) ? doubles(c.in(3)) : std::vector<double>();
  Tensor& y = c.out(0, c.dtype(), s);
  void* dst = y.raw_mutable();
  void* next = c.wants(1) ? c.out(1, c.dtype(), {batch, channels, k - 1}).raw_mutable() : nullptr;
  std::vector<double> line(static_cast<size_t>(k - 1 + length));
  for (int64_t line_index = 0; line_index < batch * channels; ++line_index) {
    int64_t channel = line_index % channels;
    for (int64_t i = 0; i < k - 1; ++i) line[static_cast<size_t>(i)] = past.empty() ? 0.0 : past[static_cast<size_t>(line_index * (k - 1) + i)];
    for (int64_t i = 0; i < length; ++i) line[static_cast<size_t>(k - 1 + i)] = x[static_cast<size_t>(line_index * length + i)];
    for (int64_t t = 0; t < length; ++t) {
      double sum = c.has(2) ? c.in(2).number(channel) : 0.0;
      for (int64_t i = 0; i < k; ++i) sum += w[static_cast<size_t>(channel * k + i)] * line[static_cast<size_t>(t + i)];
      store_number(c.dtype(), dst, line_index * length + t, silu ? sum / (1 + std::exp(-sum)) : sum);
    }
    for (int64_t i = 0; next && i < k - 1; ++i) store_number(c.dtype(), next, line_index * (k - 1) + i, line[static_cast<size_t>(length + i)]);
  }
}

}  // namespace

extern const OpDef causal_conv_with_state{
    .name = "CausalConvWithState", .min_inputs = 2, .max_inputs = 4, .max_outputs = 2, .infer = infer, .run = run, .since = 27};

}  // namespace mo::ops
