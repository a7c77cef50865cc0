// LSTM: i, f, o = f(gates with peepholes); c~ = g(gate); c_t = f . c_{t-1} + i . c~; h_t = o . h(c_t). Gates in the order i, o, f, c.
#include "ops/rnn.h"

namespace mo::ops {
namespace {

constexpr const char* k_defaults[] = {"Sigmoid", "Tanh", "Tanh"};

void infer(Infer& c) { infer_recurrent(c, true); }

void run(Run& c) {
  Recurrent s = read_recurrent(c, 4, k_defaults);
  const int64_t H = s.hidden;
  std::vector<double> cells = read_state(c, 6, s), peephole(static_cast<size_t>(s.directions * 3 * H), 0.0), gates(static_cast<size_t>(4 * H));
  if (c.has(7)) {
    require_shape(c, 7, {s.directions, 3 * H});
    peephole = doubles(c.in(7));
  }
  const bool coupled = c.node.i("input_forget", 0) != 0;
  run_recurrent(c, s, [&](int64_t d, int64_t n, int64_t t, double* h) {
    const Activation* act = s.activations.data() + 3 * d;
    const double* p = peephole.data() + d * 3 * H;  // i, o, f
    double* cell = cells.data() + (d * s.batch + n) * H;
    for (int64_t i = 0; i < 4 * H; ++i) gates[static_cast<size_t>(i)] = s.bias_w(d)[i] + s.bias_r(d)[i];
    s.project_input(d, t, n, gates.data());
    s.project_state(d, h, 0, 4 * H, gates.data());
    const double *gi = gates.data(), *go = gi + H, *gf = go + H, *gc = gf + H;
    for (int64_t k = 0; k < H; ++k) {
      double in = act[0](s.clipped(gi[k] + p[k] * cell[k]));
      double forget = coupled ? 1 - in : act[0](s.clipped(gf[k] + p[2 * H + k] * cell[k]));
      cell[k] = forget * cell[k] + in * act[1](s.clipped(gc[k]));
      h[k] = act[0](s.clipped(go[k] + p[H + k] * cell[k])) * act[2](cell[k]);
    }
  });
  write_state(c, 2, s, cells);
}

int since(const Node& n, std::span<const Type> in) {
  if (!in.empty() && in[0].dtype == DType::bf16) return 22;
  return n.i("layout", 0) ? 14 : 7;
}

}  // namespace

extern const OpDef lstm{.name = "LSTM",
                        .min_inputs = 3,
                        .max_inputs = 8,
                        .min_outputs = 0,
                        .max_outputs = 3,
                        .infer = infer,
                        .run = run,
                        .cost = recurrent_cost,
                        .since = 7,
                        .since_of = since};

}  // namespace mo::ops
