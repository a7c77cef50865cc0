// LSTM and GRU: the input products of all steps by one matrix product, the recurrent product step by step from packed weights.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/onednn.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/simd_math.h"

namespace mo::kernels {
namespace {

// g: [i o f c] of one batch row, h and c its state.
MO_INLINE void lstm_gates_body(const float* g, float* c, float* h, int64_t n) {
  const float *gi = g, *go = g + n, *gf = g + 2 * n, *gc = g + 3 * n;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    float v = math::sigmoid(gf[j]) * c[j] + math::sigmoid(gi[j]) * math::tanh(gc[j]);
    c[j] = v;
    h[j] = math::sigmoid(go[j]) * math::tanh(v);
  }
}
MO_SIMD_PLAIN(lstm_gates, void, (const float* g, float* c, float* h, int64_t n), (g, c, h, n))

// g: [z r h] of the input (with biases), u: the recurrent part of h (bias included), used as r * u.
MO_INLINE void gru_after_body(const float* g, const float* u, float* h, int64_t n) {
  const float *gz = g, *gr = g + n, *gh = g + 2 * n;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    float z = math::sigmoid(gz[j]), r = math::sigmoid(gr[j]), v = math::tanh(gh[j] + r * u[j]);
    h[j] = (1.0f - z) * v + z * h[j];
  }
}
MO_SIMD_PLAIN(gru_after, void, (const float* g, const float* u, float* h, int64_t n), (g, u, h, n))

// linear_before_reset = 0, first half: rh = sigmoid(r) * h
MO_INLINE void gru_reset_body(const float* gr, const float* h, float* rh, int64_t n) {
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) rh[j] = math::sigmoid(gr[j]) * h[j];
}
MO_SIMD_PLAIN(gru_reset, void, (const float* gr, const float* h, float* rh, int64_t n), (gr, h, rh, n))
MO_INLINE void gru_blend_body(const float* gz, const float* gh, float* h, int64_t n) {
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) {
    float z = math::sigmoid(gz[j]);
    h[j] = (1.0f - z) * math::tanh(gh[j]) + z * h[j];
  }
}
MO_SIMD_PLAIN(gru_blend, void, (const float* gz, const float* gh, float* h, int64_t n), (gz, gh, h, n))

struct Direction {
  Panels w, r, r_hidden;                // r_hidden: the part of a GRU's recurrent weights that is multiplied apart
  std::shared_ptr<onednn::Step> input;  // X W^T when there are many rows
  std::vector<float> bias;              // of the input products
  std::vector<float> hidden_bias;       // GRU with linear_before_reset
  bool backward = false;
};

struct Recurrent {
  int64_t steps, batch, inputs, hidden, gates;
  bool batch_first, reset_after, lstm;
  int threads;
  std::vector<Direction> directions;
  int64_t at_gates, at_h, at_c, at_u;  // scratch
  MultiplyPanels multiply;
  decltype(&lstm_gates_scalar) lstm_gates;
  decltype(&gru_after_scalar) gru_after;
  decltype(&gru_reset_scalar) gru_reset;
  decltype(&gru_blend_scalar) gru_blend;

  int64_t row(int64_t t, int64_t b) const { return batch_first ? b * steps + t : t * batch + b; }

  // y += x w for `rows` rows, the panels dealt out to the team
  void product(const Panels& w, const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t rows) const {
    int team = w.n * w.k * rows >= 1 << 19 ? threads : 1;
    parallel_for(team, w.count(), 1, [&](int64_t from, int64_t to) { multiply(w, x, x_stride, y, y_stride, rows, from, to); });
  }

  void run(const Args& a) const {
    for (size_t d = 0; d < directions.size(); ++d) run_direction(a, d);
  }

  void run_direction(const Args& a, size_t d) const {
    const Direction& dir = directions[d];
    char* scratch = static_cast<char*>(a.scratch);
    float *g = reinterpret_cast<float*>(scratch + at_gates), *h = reinterpret_cast<float*>(scratch + at_h),
          *c = reinterpret_cast<float*>(scratch + at_c), *u = reinterpret_cast<float*>(scratch + at_u);
    const int64_t width = gates * hidden, count = static_cast<int64_t>(directions.size()), state = hidden * static_cast<int64_t>(sizeof(float));
    const float* x = static_cast<const float*>(a.src[0]);
    if (dir.input) {
      dir.input->run(a);
    } else {
      for (int64_t i = 0; i < steps * batch; ++i) std::memcpy(g + i * width, dir.bias.data(), static_cast<size_t>(width) * sizeof(float));
      product(dir.w, x, inputs, g, width, steps * batch);
    }
    auto load = [&](int input, float* to) {
      const float* from = static_cast<const float*>(a.src[input]);
      for (int64_t b = 0; b < batch; ++b) {
        if (!from) std::memset(to + b * hidden, 0, static_cast<size_t>(state));
        else
          std::memcpy(to + b * hidden, from + (batch_first ? b * count + static_cast<int64_t>(d) : static_cast<int64_t>(d) * batch + b) * hidden,
                      static_cast<size_t>(state));
      }
    };
    load(5, h);
    if (lstm) load(6, c);
    float* y = static_cast<float*>(a.dst[0]);
    for (int64_t s = 0; s < steps; ++s) {
      const int64_t t = dir.backward ? steps - 1 - s : s;
      float* now = g + row(t, 0) * width;
      const int64_t stride = batch_first ? steps * width : width;
      step(dir, now, stride, h, c, u);
      if (!y) continue;
      for (int64_t b = 0; b < batch; ++b) {
        int64_t at = batch_first ? (b * steps + t) * count + static_cast<int64_t>(d) : (t * count + static_cast<int64_t>(d)) * batch + b;
        std::memcpy(y + at * hidden, h + b * hidden, static_cast<size_t>(state));
      }
    }
    auto store = [&](int output, const float* from) {
      float* to = static_cast<float*>(a.dst[output]);
      if (!to) return;
      for (int64_t b = 0; b < batch; ++b)
        std::memcpy(to + (batch_first ? b * count + static_cast<int64_t>(d) : static_cast<int64_t>(d) * batch + b) * hidden, from + b * hidden,
                    static_cast<size_t>(state));
    };
    if (has_last) store(1, h);
    if (lstm && has_cell) store(2, c);
  }

  void step(const Direction& dir, float* g, int64_t stride, float* h, float* c, float* u) const {
    if (lstm) {
      product(dir.r, h, hidden, g, stride, batch);
      for (int64_t b = 0; b < batch; ++b) lstm_gates(g + b * stride, c + b * hidden, h + b * hidden, hidden);
      return;
    }
    product(dir.r, h, hidden, g, stride, batch);  // z and r
    if (reset_after) {
      for (int64_t b = 0; b < batch; ++b) std::memcpy(u + b * hidden, dir.hidden_bias.data(), static_cast<size_t>(hidden) * sizeof(float));
      product(dir.r_hidden, h, hidden, u, hidden, batch);
      for (int64_t b = 0; b < batch; ++b) gru_after(g + b * stride, u + b * hidden, h + b * hidden, hidden);
      return;
    }
    for (int64_t b = 0; b < batch; ++b) gru_reset(g + b * stride + hidden, h + b * hidden, u + b * hidden, hidden);
    product(dir.r_hidden, u, hidden, g + 2 * hidden, stride, batch);
    for (int64_t b = 0; b < batch; ++b) gru_blend(g + b * stride, g + b * stride + 2 * hidden, h + b * hidden, hidden);
  }

  bool has_last = false, has_cell = false;
};

std::string unusual(const Request& r, bool lstm) {
  const graph::Node& n = r.node;
  if (r.in(0).dtype != DType::f32) return text("dtype ", name(r.in(0).dtype));
  for (size_t i : {1, 2})
    if (!r.in(i).constant) return "weights are not constant";
  if (r.in(3).present && !r.in(3).constant) return "bias is not constant";
  if (r.in(4).present) return "sequence lengths";
  if (lstm && r.in(7).present) return "peepholes";
  if (n.has("clip") || n.i("input_forget", 0) != 0) return "clip or coupled gates";
  std::vector<std::string> wanted = n.strings("activations"),
                           usual = lstm ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"} : std::vector<std::string>{"Sigmoid", "Tanh"};
  for (size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != usual[i % usual.size()]) return text("activation ", wanted[i]);
  return {};
}

Offer prepare(const Request& r, bool lstm) {
  std::string reason = unusual(r, lstm);
  if (!reason.empty()) return Decline{reason};
  const graph::Node& n = r.node;
  auto all = std::make_shared<Recurrent>();
  Recurrent& m = *all;
  const Tensor &w = *r.in(1).constant, &rec = *r.in(2).constant;
  m.lstm = lstm;
  m.gates = lstm ? 4 : 3;
  m.batch_first = n.i("layout", 0) != 0;
  m.steps = r.in(0).shape[m.batch_first ? 1 : 0];
  m.batch = r.in(0).shape[m.batch_first ? 0 : 1];
  m.inputs = w.dim(2);
  m.hidden = rec.dim(2);
  m.reset_after = n.i("linear_before_reset", 0) != 0;
  m.threads = r.threads;
  m.multiply = multiply_panels();
  m.lstm_gates = lstm_gates_pick();
  m.gru_after = gru_after_pick();
  m.gru_reset = gru_reset_pick();
  m.gru_blend = gru_blend_pick();
  m.has_last = r.out(1).present;
  m.has_cell = r.out(2).present;
  if (m.steps == 0 || m.batch == 0 || m.hidden == 0) return Decline{"empty tensor"};

  const int64_t width = m.gates * m.hidden, rows = m.steps * m.batch;
  onednn::Scratch scratch;
  m.at_gates = scratch.add(rows * width * 4);
  m.at_h = scratch.add(m.batch * m.hidden * 4);
  m.at_c = scratch.add(m.batch * m.hidden * 4);
  m.at_u = scratch.add(m.batch * m.hidden * 4);
  std::string detail = isa_name();
  const std::string way = n.s("direction", "forward");
  int64_t work = 0;
  for (int64_t d = 0; d < w.dim(0); ++d) {
    Direction dir;
    dir.backward = way == "reverse" || d == 1;
    const float* wd = w.data<float>() + d * width * m.inputs;
    const float* rd = rec.data<float>() + d * width * m.hidden;
    dir.bias.assign(static_cast<size_t>(width), 0);
    dir.hidden_bias.assign(static_cast<size_t>(m.hidden), 0);
    if (const Tensor* b = r.in(3).constant) {
      const float *wb = b->data<float>() + d * 2 * width, *rb = wb + width;
      for (int64_t j = 0; j < width; ++j) {
        const bool apart = !lstm && m.reset_after && j >= 2 * m.hidden;
        dir.bias[static_cast<size_t>(j)] = wb[j] + (apart ? 0.0f : rb[j]);
        if (apart) dir.hidden_bias[static_cast<size_t>(j - 2 * m.hidden)] = rb[j];
      }
    }
    if (lstm) {
      dir.r = pack_panels(r, rec, rd, width, m.hidden);
    } else {
      dir.r = pack_panels(r, rec, rd, 2 * m.hidden, m.hidden);
      dir.r_hidden = pack_panels(r, rec, rd + 2 * m.hidden * m.hidden, m.hidden, m.hidden);
    }
    if (rows < 8) {
      dir.w = pack_panels(r, w, wd, width, m.inputs);
    } else {
      using namespace onednn;
      Team team(r.threads);
      dnnl::primitive_attr attr;
      attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
      Desc x({rows, m.inputs}, Type::f32, dnnl::memory::format_tag::ab), y({rows, width}, Type::f32, dnnl::memory::format_tag::ab),
          bias({1, width}, Type::f32, dnnl::memory::format_tag::ab);
      dnnl::matmul::primitive_desc pd(engine(), x, any(DType::f32, {m.inputs, width}), bias, y, attr);
      dir.input = std::make_shared<Step>(dnnl::matmul(pd), r.threads);
      dir.input->src(DNNL_ARG_SRC, x, 0);
      Tensor part = w.dim(0) == 1 ? w : Tensor::copy_of(DType::f32, {width, m.inputs}, wd);
      dir.input->fixed(DNNL_ARG_WEIGHTS, pd.weights_desc(),
                       pack(r, part, Desc({m.inputs, width}, Type::f32, dnnl::memory::format_tag::ba), pd.weights_desc()));
      dir.input->fixed(DNNL_ARG_BIAS, bias, floats(dir.bias));
      dir.input->scratch(DNNL_ARG_DST, y, m.at_gates);
      work = std::max<int64_t>(work, static_cast<int64_t>(pd.scratchpad_desc().get_size()));
      dir.input->scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), scratch.size());
      detail = text(isa_name(), ", ", pd.impl_info_str());
    }
    m.directions.push_back(std::move(dir));
  }
  scratch.add(work);

  Prepared p;
  p.detail = detail;
  p.scratch_bytes = scratch.size();
  p.unused_inputs = {1, 2};
  if (r.in(3).present) p.unused_inputs.push_back(3);
  const bool initial_h = r.in(5).present, initial_c = lstm && r.in(6).present;
  const bool outputs[3] = {r.out(0).present, r.out(1).present, r.out(2).present};
  const size_t sources = r.inputs.size();
  p.run = [all, initial_h, initial_c, sources, outputs](const Args& a) {
    const void* src[7] = {};
    for (size_t i = 0; i < std::min<size_t>(sources, 7); ++i) src[i] = a.src[i];
    if (!initial_h) src[5] = nullptr;
    if (!initial_c) src[6] = nullptr;
    void* dst[3];
    for (int i = 0; i < 3; ++i) dst[i] = outputs[i] ? a.dst[i] : nullptr;
    all->run({src, dst, a.scratch, a.threads});
  };
  return p;
}

Offer prepare_lstm(const Request& r) { return prepare(r, true); }
Offer prepare_gru(const Request& r) { return prepare(r, false); }

}  // namespace

extern const Candidate packed_lstm{"LSTM", "", "packed_recurrent", Wish::plain, prepare_lstm};
extern const Candidate packed_gru{"GRU", "", "packed_recurrent", Wish::plain, prepare_gru};

}  // namespace mo::kernels
