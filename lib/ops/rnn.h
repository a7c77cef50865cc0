// What RNN, GRU and LSTM share: operands in double, activations, directions, layouts, sequence lengths.
#pragma once
#include "ops/compute.h"

namespace mo::ops {

struct Activation {
  double (*function)(double x, double alpha, double beta);
  double alpha = 0, beta = 0;
  const char* name = "";  // as ONNX spells it
  double operator()(double x) const { return function(x, alpha, beta); }
};

// One recurrent node with its operands validated. Inputs: X, W, R, B, sequence_lens, initial_h, then what the operator adds.
struct Recurrent {
  int64_t steps, batch, input, hidden, directions, gates;
  bool batch_first;                    // attribute layout = 1
  bool first_reverse;                  // direction "reverse"
  double clip;                         // infinity when absent
  std::vector<double> x, w, r, b, h0;  // b is zeros when absent: [directions, 2 * gates * hidden]
  std::vector<int64_t> lengths;
  std::vector<Activation> activations;  // per direction

  double clipped(double v) const { return v < -clip ? -clip : v > clip ? clip : v; }
  // Sums of gate rows for one sample: out[gates * hidden] += w * x_t, without bias.
  void project_input(int64_t direction, int64_t t, int64_t n, double* out) const;
  // out[row] += r[row] . h for rows [first, last) of the gates * hidden.
  void project_state(int64_t direction, const double* h, int64_t first, int64_t last, double* out) const;
  const double* bias_w(int64_t direction) const { return b.data() + direction * 2 * gates * hidden; }
  const double* bias_r(int64_t direction) const { return bias_w(direction) + gates * hidden; }
};

int64_t direction_count(const Node& n);  // 1 or 2
// Those of all directions, one after another; `defaults` are those of one.
std::vector<Activation> read_activations(const Node& n, std::span<const char* const> defaults, int64_t directions);

Recurrent read_recurrent(const Run& c, int64_t gates, std::span<const char* const> default_activations);

// A state input [directions, batch, hidden] (or batch first) in the order [direction][sample][hidden]; zeros when absent.
std::vector<double> read_state(const Run& c, size_t i, const Recurrent& s);

// Runs step(direction, sample, t, h) over time, h updated in place; fills Y (output 0) and Y_h (output 1). done(direction, sample) follows
// the last step of each sequence.
template <class Step>
void run_recurrent(Run& c, const Recurrent& s, Step&& step);

// Writes a state [direction][sample][hidden] to output i.
void write_state(Run& c, size_t i, const Recurrent& s, const std::vector<double>& state);

void infer_recurrent(Infer& c, bool cell);
Cost recurrent_cost(const CostQuery& q);

template <class Step>
void run_recurrent(Run& c, const Recurrent& s, Step&& step) {
  std::vector<double> h = s.h0;
  Shape y_shape = s.batch_first ? Shape{s.batch, s.steps, s.directions, s.hidden} : Shape{s.steps, s.directions, s.batch, s.hidden};
  std::vector<double> y(c.wants(0) ? static_cast<size_t>(element_count(y_shape)) : 0, 0.0);
  for (int64_t d = 0; d < s.directions; ++d) {
    bool reverse = d == 1 || s.first_reverse;
    for (int64_t n = 0; n < s.batch; ++n) {
      check(c.control);
      double* state = h.data() + (d * s.batch + n) * s.hidden;
      int64_t length = s.lengths[static_cast<size_t>(n)];
      for (int64_t k = 0; k < length; ++k) {
        int64_t t = reverse ? length - 1 - k : k;
        step(d, n, t, state);
        if (y.empty()) continue;
        int64_t at = s.batch_first ? (n * s.steps + t) * s.directions + d : (t * s.directions + d) * s.batch + n;
        for (int64_t i = 0; i < s.hidden; ++i) y[static_cast<size_t>(at * s.hidden + i)] = state[i];
      }
    }
  }
  if (c.wants(0)) {
    Tensor& out = c.out(0, c.dtype(), y_shape);
    convert_elements(DType::f64, y.data(), c.dtype(), out.raw_mutable(), out.size());
  }
  write_state(c, 1, s, h);
}

}  // namespace mo::ops
