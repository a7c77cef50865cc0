// GRU: z, r = f(gates); h~ = g(W x + r . (R h)) or g(W x + R (r . h)); h_t = (1 - z) . h~ + z . h_{t-1}. Gates in the order z, r, h.
#include "ops/rnn.h"

namespace mo::ops {
namespace {

constexpr const char* k_defaults[] = {"Sigmoid", "Tanh"};

void infer(Infer& c) { infer_recurrent(c, false); }

void run(Run& c) {
  Recurrent s = read_recurrent(c, 3, k_defaults);
  const bool linear_first = c.node.i("linear_before_reset", 0) != 0;
  const int64_t H = s.hidden;
  std::vector<double> wx(static_cast<size_t>(3 * H)), rh(wx.size()), gated(static_cast<size_t>(H));
  run_recurrent(c, s, [&](int64_t d, int64_t n, int64_t t, double* h) {
    const Activation &f = s.activations[static_cast<size_t>(2 * d)], &g = s.activations[static_cast<size_t>(2 * d + 1)];
    std::copy(s.bias_w(d), s.bias_w(d) + 3 * H, wx.begin());
    std::copy(s.bias_r(d), s.bias_r(d) + 3 * H, rh.begin());
    s.project_input(d, t, n, wx.data());
    s.project_state(d, h, 0, 2 * H, rh.data());
    auto gate = [&](int64_t i) { return f(s.clipped(wx[static_cast<size_t>(i)] + rh[static_cast<size_t>(i)])); };
    for (int64_t i = 0; i < H; ++i) gated[static_cast<size_t>(i)] = gate(H + i) * h[i];
    s.project_state(d, linear_first ? h : gated.data(), 2 * H, 3 * H, rh.data());
    for (int64_t i = 0; i < H; ++i) {
      size_t k = static_cast<size_t>(2 * H + i);
      double z = gate(i), recurrent = linear_first ? gate(H + i) * rh[k] : rh[k];
      double candidate = g(s.clipped(wx[k] + recurrent));
      h[i] = (1 - z) * candidate + z * h[i];
    }
  });
}

int since(const Node& n, std::span<const Type> in) {
  if (!in.empty() && in[0].dtype == DType::bf16) return 22;
  return n.i("layout", 0) ? 14 : 7;
}

}  // namespace

extern const OpDef gru{.name = "GRU",
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
