// Reading and checking of recurrent operators.
#include "ops/rnn.h"

#include <cmath>
#include <limits>

#include "base/checked.h"

namespace mo::ops {

namespace {

struct Named {
  const char* name;
  double (*function)(double, double, double);
  bool alpha, beta;  // takes them
  double alpha_default, beta_default;
};

constexpr Named k_activations[] = {
    {"Relu", [](double x, double, double) { return x > 0 ? x : 0.0; }, false, false, 0, 0},
    {"Tanh", [](double x, double, double) { return std::tanh(x); }, false, false, 0, 0},
    {"Sigmoid", [](double x, double, double) { return 1 / (1 + std::exp(-x)); }, false, false, 0, 0},
    {"Affine", [](double x, double a, double b) { return a * x + b; }, true, true, 1, 0},
    {"LeakyRelu", [](double x, double a, double) { return x >= 0 ? x : a * x; }, true, false, 0.01, 0},
    {"ThresholdedRelu", [](double x, double a, double) { return x >= a ? x : 0.0; }, true, false, 1, 0},
    {"ScaledTanh", [](double x, double a, double b) { return a * std::tanh(b * x); }, true, true, 1, 1},
    {"HardSigmoid", [](double x, double a, double b) { return std::min(std::max(a * x + b, 0.0), 1.0); }, true, true, 0.2, 0.5},
    {"Elu", [](double x, double a, double) { return x >= 0 ? x : a * std::expm1(x); }, true, false, 1, 0},
    {"Softsign", [](double x, double, double) { return x / (1 + std::abs(x)); }, false, false, 0, 0},
    {"Softplus", [](double x, double, double) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }, false, false, 0, 0},
};

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 32) == (y | 32); });
}

const Named& named(std::string_view word) {
  for (const Named& n : k_activations)
    if (same_word(n.name, word)) return n;
  fail(Code::unsupported, "activation '", printable(word), "' is unknown");
}

}  // namespace

std::vector<Activation> read_activations(const Node& n, std::span<const char* const> defaults, int64_t directions) {
  std::vector<std::string> words = n.strings("activations");
  if (words.empty())
    for (int64_t d = 0; d < directions; ++d) words.insert(words.end(), defaults.begin(), defaults.end());
  size_t wanted = defaults.size() * static_cast<size_t>(directions);
  // exporters that spell out one direction's functions twice are common (the schema's default does)
  if (words.size() > wanted) words.resize(wanted);
  require(words.size() == wanted, Code::format, "activations has ", words.size(), " entries, wants ", wanted);
  std::vector<float> alphas = n.floats("activation_alpha"), betas = n.floats("activation_beta");
  std::vector<Activation> out;
  size_t next_alpha = 0, next_beta = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const Named& f = named(words[i]);
    Activation a{f.function, f.alpha_default, f.beta_default, f.name};
    // one entry per function, or one per function that takes it
    auto pick = [&](const std::vector<float>& values, size_t& next, bool takes, double& target) {
      if (!takes) return;
      size_t at = values.size() == words.size() ? i : next++;
      if (at < values.size()) target = values[at];
    };
    pick(alphas, next_alpha, f.alpha, a.alpha);
    pick(betas, next_beta, f.beta, a.beta);
    out.push_back(a);
  }
  return out;
}

int64_t direction_count(const Node& n) {
  std::string d = n.s("direction", "forward");
  require(d == "forward" || d == "reverse" || d == "bidirectional", Code::invalid_argument, "direction is '", printable(d), "'");
  return d == "bidirectional" ? 2 : 1;
}

void Recurrent::project_input(int64_t d, int64_t t, int64_t n, double* out) const {
  const double* v = x.data() + (batch_first ? n * steps + t : t * batch + n) * input;
  const double* row = w.data() + d * gates * hidden * input;
  for (int64_t i = 0; i < gates * hidden; ++i, row += input)
    for (int64_t k = 0; k < input; ++k) out[i] += row[k] * v[k];
}

void Recurrent::project_state(int64_t d, const double* h, int64_t first, int64_t last, double* out) const {
  const double* row = r.data() + (d * gates * hidden + first) * hidden;
  for (int64_t i = first; i < last; ++i, row += hidden)
    for (int64_t k = 0; k < hidden; ++k) out[i] += row[k] * h[k];
}

Recurrent read_recurrent(const Run& c, int64_t gates, std::span<const char* const> default_activations) {
  Recurrent s;
  for (size_t i = 0; i < 3; ++i) {
    require_rank(c, i, 3);
    require(is_floating(c.dtype(i)), Code::type, "input ", i, " is ", name(c.dtype(i)));
  }
  int64_t layout = c.node.i("layout", 0);
  require(layout == 0 || layout == 1, Code::invalid_argument, "layout is ", layout);
  s.batch_first = layout == 1;
  const Shape &x = c.in(0).shape(), &r = c.in(2).shape();
  s.steps = x[s.batch_first ? 1 : 0];
  s.batch = x[s.batch_first ? 0 : 1];
  s.input = x[2];
  s.hidden = r[2];
  s.gates = gates;
  s.directions = direction_count(c.node);
  s.first_reverse = c.node.s("direction", "forward") == "reverse";
  require(c.node.i("hidden_size", s.hidden) == s.hidden, Code::shape, "hidden_size is ", c.node.i("hidden_size", 0), ", R has ", s.hidden);
  int64_t rows = checked_mul(gates, s.hidden);
  require_shape(c, 1, {s.directions, rows, s.input});
  require_shape(c, 2, {s.directions, rows, s.hidden});
  if (c.has(3)) require_shape(c, 3, {s.directions, 2 * rows});
  s.clip = c.node.has("clip") ? c.node.f("clip", 0) : std::numeric_limits<double>::infinity();
  require(s.clip >= 0, Code::invalid_argument, "clip is ", s.clip);
  s.x = doubles(c.in(0));
  s.w = doubles(c.in(1));
  s.r = doubles(c.in(2));
  s.b = c.has(3) ? doubles(c.in(3)) : std::vector<double>(static_cast<size_t>(checked_mul(s.directions, 2 * rows)), 0.0);
  s.lengths.assign(static_cast<size_t>(s.batch), s.steps);
  if (c.has(4)) {
    require_shape(c, 4, {s.batch});
    require_dtype(c, 4, DType::i32);
    s.lengths = c.in(4).integers();
    for (int64_t n : s.lengths) require(n >= 0 && n <= s.steps, Code::invalid_argument, "sequence length ", n, " is outside 0..", s.steps);
  }
  s.h0 = read_state(c, 5, s);
  s.activations = read_activations(c.node, default_activations, s.directions);
  return s;
}

std::vector<double> read_state(const Run& c, size_t i, const Recurrent& s) {
  size_t count = static_cast<size_t>(checked_mul(checked_mul(s.directions, s.batch), s.hidden));
  if (!c.has(i)) return std::vector<double>(count, 0.0);
  require_shape(c, i, s.batch_first ? Shape{s.batch, s.directions, s.hidden} : Shape{s.directions, s.batch, s.hidden});
  std::vector<double> v = doubles(c.in(i));
  if (!s.batch_first) return v;
  std::vector<double> out(count);
  for (int64_t d = 0; d < s.directions; ++d)
    for (int64_t n = 0; n < s.batch; ++n)
      for (int64_t k = 0; k < s.hidden; ++k)
        out[static_cast<size_t>((d * s.batch + n) * s.hidden + k)] = v[static_cast<size_t>((n * s.directions + d) * s.hidden + k)];
  return out;
}

void write_state(Run& c, size_t i, const Recurrent& s, const std::vector<double>& state) {
  if (!c.wants(i)) return;
  Tensor& t = c.out(i, c.dtype(), s.batch_first ? Shape{s.batch, s.directions, s.hidden} : Shape{s.directions, s.batch, s.hidden});
  void* dst = t.raw_mutable();
  for (int64_t d = 0; d < s.directions; ++d)
    for (int64_t n = 0; n < s.batch; ++n)
      for (int64_t k = 0; k < s.hidden; ++k) {
        int64_t at = (s.batch_first ? n * s.directions + d : d * s.batch + n) * s.hidden + k;
        store_number(c.dtype(), dst, at, state[static_cast<size_t>((d * s.batch + n) * s.hidden + k)]);
      }
}

void infer_recurrent(Infer& c, bool cell) {
  for (size_t i = 0; i < 3; ++i) expect_rank(c, i, 3);
  bool batch_first = c.node.i("layout", 0) == 1;
  Dim steps = dim_of(c, 0, batch_first ? 1 : 0), batch = dim_of(c, 0, batch_first ? 0 : 1), hidden = dim_of(c, 2, 2);
  if (!hidden.known() && c.node.has("hidden_size")) hidden = known_dim(c.node.i("hidden_size", 0));
  require(hidden.size >= -1, Code::shape, "hidden_size is ", hidden.size);
  Dim directions = known_dim(direction_count(c.node));
  c.set(0, c.dtype(), batch_first ? std::vector<Dim>{batch, steps, directions, hidden} : std::vector<Dim>{steps, directions, batch, hidden});
  for (size_t i = 1; i < (cell ? 3u : 2u); ++i)
    c.set(i, c.dtype(), batch_first ? std::vector<Dim>{batch, directions, hidden} : std::vector<Dim>{directions, batch, hidden});
}

Cost recurrent_cost(const CostQuery& q) {
  Cost r;
  if (q.inputs.size() < 3 || !q.inputs[0].is_static() || !q.inputs[1].is_static() || !q.inputs[2].is_static() || q.inputs[0].dims.size() != 3)
    return r;
  int64_t positions = checked_mul(q.inputs[0].dims[0].size, q.inputs[0].dims[1].size);
  r.macs = checked_mul(positions, checked_add(element_count(q.inputs[1].shape()), element_count(q.inputs[2].shape())));
  return r;
}

}  // namespace mo::ops
