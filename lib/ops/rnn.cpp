// RNN: h_t = f(W x_t + R h_{t-1} + Wb + Rb).
#include "ops/rnn.h"

namespace mo::ops {
namespace {

constexpr const char* k_defaults[] = {"Tanh"};

void infer(Infer& c) { infer_recurrent(c, false); }

void run(Run& c) {
  Recurrent s = read_recurrent(c, 1, k_defaults);
  std::vector<double> sum(static_cast<size_t>(s.hidden));
  run_recurrent(c, s, [&](int64_t d, int64_t n, int64_t t, double* h) {
    for (int64_t i = 0; i < s.hidden; ++i) sum[static_cast<size_t>(i)] = s.bias_w(d)[i] + s.bias_r(d)[i];
    s.project_input(d, t, n, sum.data());
    s.project_state(d, h, 0, s.hidden, sum.data());
    for (int64_t i = 0; i < s.hidden; ++i) h[i] = s.activations[static_cast<size_t>(d)](s.clipped(sum[static_cast<size_t>(i)]));
  });
}

int since(const Node& n, std::span<const Type> in) {
  if (!in.empty() && in[0].dtype == DType::bf16) return 22;
  return n.i("layout", 0) ? 14 : 7;
}

}  // namespace

extern const OpDef rnn{.name = "RNN",
                       .min_inputs = 3,
                       .max_inputs = 6,
                       .min_outputs = 0,
                       .max_outputs = 2,
                       .infer = infer,
                       .run = run,
                       .cost = recurrent_cost,
                       .since = 7,
                       .since_of = since};

}  // namespace mo::ops
