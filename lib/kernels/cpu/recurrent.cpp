// LSTM, GRU and RNN: the input products of all steps at once, the state's product step by step from packed weights (float32, bfloat16 or 8 bits).
#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/cpu/onednn.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/recurrent_cell.h"
#include "kernels/cpu/simd.h"
#include "ops/rnn.h"

namespace mo::kernels {
namespace {

constexpr int64_t k_float = sizeof(float);

struct Direction {
  Panels w, r, r_last;                  // r_last: the last gate of a GRU that resets before its product
  std::shared_ptr<onednn::Step> input;  // X W^T in float32 when there are many rows
  std::vector<float> bias;              // of the input products
  std::vector<float> state_bias;        // GRU with linear_before_reset: of the state's
  bool backward = false;
  Cell cell;
};

// Where a direction keeps what it needs, in bytes of the scratch memory.
struct Places {
  int64_t gates, h, c, u, own, rows;
};

struct Recurrent {
  int64_t steps = 0, batch = 0, inputs = 0, hidden = 0, gates = 0;
  bool batch_first = false;
  bool fine = true;  // rows that meet 8-bit weights keep 15 bits
  int threads = 1;
  std::vector<Direction> directions;
  std::vector<Places> places;  // one, or one per direction where they run side by side
  MultiplyPanels multiply_w = nullptr, multiply_r = nullptr;

  int64_t width() const { return gates * hidden; }
  // Floats from one row of gates to the next: rows whole pages apart would share their places in the nearest cache.
  int64_t pitch = 0;
  int64_t row(int64_t t, int64_t b) const { return batch_first ? b * steps + t : t * batch + b; }
  int64_t state_row(int64_t d, int64_t b) const { return batch_first ? b * static_cast<int64_t>(directions.size()) + d : d * batch + b; }

  // The panels dealt out to the team.
  void product(MultiplyPanels multiply, const Panels& w, const PanelRows& x, const float* bias, float* y, int64_t y_stride, int64_t rows, int team,
               bool falling) const {
    if (w.n * w.k * rows < 1 << 19) team = 1;
    parallel_for(team, w.count(), 1, [&](int64_t from, int64_t to) { multiply(w, x, bias, y, y_stride, rows, from, to, falling); });
  }

  // What a step does to every row of the batch, dealt out where there is enough of it.
  template <class F>
  void each_row(int team, const F& f) const {
    if (batch * width() < 1 << 12) team = 1;
    parallel_for(team, batch, 1, [&](int64_t from, int64_t to) {
      for (int64_t b = from; b < to; ++b) f(b);
    });
  }

  void run(const Args& a) const {
    const int64_t count = static_cast<int64_t>(directions.size());
    auto* y = static_cast<float*>(a.dst[0]);
    const auto* lengths = static_cast<const int32_t*>(a.src[4]);
    if (lengths) {
      for (int64_t b = 0; b < batch; ++b)
        require(lengths[b] >= 0 && lengths[b] <= steps, Code::invalid_argument, "sequence length ", lengths[b], " is outside 0..", steps);
      if (y) std::memset(y, 0, static_cast<size_t>(steps * count * batch * hidden * k_float));
    }
    if (places.size() == 1) {
      for (int64_t d = 0; d < count; ++d) {
        input_products(a, d, places[0]);
        recur(a, d, places[0], threads);
      }
      return;
    }
    for (int64_t d = 0; d < count; ++d) input_products(a, d, places[static_cast<size_t>(d)]);
    parallel_for(threads, count, 1, [&](int64_t from, int64_t to) {
      for (int64_t d = from; d < to; ++d) recur(a, d, places[static_cast<size_t>(d)], 1);
    });
  }

  void input_products(const Args& a, int64_t d, const Places& at) const {
    const Direction& dir = directions[static_cast<size_t>(d)];
    if (dir.input) return dir.input->run(a);
    char* scratch = static_cast<char*>(a.scratch);
    const PanelRows x = pack_rows(dir.w.kind, fine, static_cast<const float*>(a.src[0]), inputs, steps * batch, inputs, scratch + at.rows, threads);
    product(multiply_w, dir.w, x, dir.bias.data(), reinterpret_cast<float*>(scratch + at.gates), pitch, steps * batch, threads, false);
  }

  void recur(const Args& a, int64_t d, const Places& at, int team) const {
    const Direction& dir = directions[static_cast<size_t>(d)];
    const Cell& cell = dir.cell;
    char* scratch = static_cast<char*>(a.scratch);
    auto floats = [&](int64_t place) { return reinterpret_cast<float*>(scratch + place); };
    float *g = floats(at.gates), *h = floats(at.h), *c = floats(at.c), *u = floats(at.u), *own = floats(at.own);
    const auto* lengths = static_cast<const int32_t*>(a.src[4]);
    const size_t bytes = static_cast<size_t>(hidden * k_float);
    load(a, 5, d, h);
    load(a, 6, d, c);
    auto* y = static_cast<float*>(a.dst[0]);
    const int64_t last = lengths ? *std::max_element(lengths, lengths + batch) : steps, count = static_cast<int64_t>(directions.size());
    const bool reset_first = cell.kind == CellKind::gru && !cell.reset_after;
    auto gates_of = [&](int64_t s, int64_t b) {
      const int64_t t = dir.backward ? (lengths ? lengths[b] : steps) - 1 - s : s;
      return g + row(t, b) * pitch;
    };
    auto present = [&](int64_t s, int64_t b) { return !lengths || s < lengths[b]; };
    for (int64_t s = 0; s < last; ++s) {
      const bool falling = s % 2 != 0;
      const PanelRows x = pack_rows(dir.r.kind, fine, h, hidden, batch, hidden, scratch + at.rows, 1);
      product(multiply_r, dir.r, x, dir.state_bias.empty() ? nullptr : dir.state_bias.data(), u, pitch, batch, team, falling);
      if (reset_first) {
        each_row(team, [&](int64_t b) {
          if (present(s, b)) cell.reset(cell, gates_of(s, b), u + b * pitch, c + b * hidden, h + b * hidden, own + b * width());
        });
        const PanelRows kept = pack_rows(dir.r_last.kind, fine, c, hidden, batch, hidden, scratch + at.rows, 1);
        product(multiply_r, dir.r_last, kept, nullptr, u + 2 * hidden, pitch, batch, team, falling);
      }
      each_row(team, [&](int64_t b) {
        if (!present(s, b)) return;
        const float* from = gates_of(s, b);
        cell.step(cell, from, u + b * pitch, c + b * hidden, h + b * hidden, own + b * width());
        if (!y) return;
        const int64_t t = (from - g) / pitch;
        const int64_t to = batch_first ? (t * count) + d : (t / batch * count + d) * batch + b;
        std::memcpy(y + to * hidden, h + b * hidden, bytes);
      });
    }
    store(a, 1, d, h);
    store(a, 2, d, c);
  }

  void load(const Args& a, int input, int64_t d, float* to) const {
    const auto* from = static_cast<const float*>(a.src[input]);
    for (int64_t b = 0; b < batch; ++b) {
      if (from) std::memcpy(to + b * hidden, from + state_row(d, b) * hidden, static_cast<size_t>(hidden * k_float));
      else std::memset(to + b * hidden, 0, static_cast<size_t>(hidden * k_float));
    }
  }

  void store(const Args& a, int output, int64_t d, const float* from) const {
    auto* to = static_cast<float*>(a.dst[output]);
    if (!to) return;
    for (int64_t b = 0; b < batch; ++b) std::memcpy(to + state_row(d, b) * hidden, from + b * hidden, static_cast<size_t>(hidden * k_float));
  }
};

std::string unusual(const Request& r) {
  if (r.in(0).dtype != DType::f32) return text("dtype ", name(r.in(0).dtype));
  for (size_t i : {1, 2}) {
    const Operand& w = r.in(i);
    if (!w.constant) return "weights are not constant";
    if (w.dtype == DType::f32) continue;
    const Operand &scale = r.in(i == 1 ? 8 : 10), &zero = r.in(i == 1 ? 9 : 11);
    if ((w.dtype != DType::i8 && w.dtype != DType::u8) || !scale.constant || scale.constant->size() != w.shape[0] * w.shape[1])
      return text("weights of dtype ", name(w.dtype));
    if (zero.present && (!zero.constant || zero.constant->size() != scale.constant->size())) return "zero points are not constant";
  }
  if (r.in(3).present && !r.in(3).constant) return "bias is not constant";
  if (r.in(7).present && !r.in(7).constant) return "peepholes are not constant";
  if (r.in(4).present && r.in(4).dtype != DType::i32) return "sequence lengths are not int32";
  return {};
}

constexpr const char* k_lstm[] = {"Sigmoid", "Tanh", "Tanh"};
constexpr const char* k_gru[] = {"Sigmoid", "Tanh"};
constexpr const char* k_rnn[] = {"Tanh"};
std::span<const char* const> usual_activations(CellKind kind) {
  if (kind == CellKind::lstm) return k_lstm;
  if (kind == CellKind::gru) return k_gru;
  return k_rnn;
}

// The function of one activation; empty row when there is no fast one.
UnaryFn function_of(const ops::Activation& a) {
  static constexpr std::pair<const char*, const char*> k_names[] = {
      {"Relu", "relu"}, {"Tanh", "tanh"}, {"Sigmoid", "sigmoid"}, {"Affine", "affine"}, {"LeakyRelu", "leaky_relu"}, {"HardSigmoid", "hard_sigmoid"},
      {"Elu", "elu"}};
  for (const auto& [onnx, kind] : k_names)
    if (std::string_view(onnx) == a.name) return unary_by_name(kind, static_cast<float>(a.alpha), static_cast<float>(a.beta));
  return {};
}

// The cells of all directions; a reason when an activation has no fast form.
std::string read_cells(const Request& r, CellKind kind, int64_t hidden, int64_t count, std::vector<Cell>& cells) {
  const std::span<const char* const> usual = usual_activations(kind);
  const std::vector<ops::Activation> all = ops::read_activations(r.node, usual, count);
  for (int64_t d = 0; d < count; ++d) {
    Cell cell;
    cell.kind = kind;
    cell.hidden = hidden;
    cell.reset_after = r.node.i("linear_before_reset", 0) != 0;
    cell.coupled = r.node.i("input_forget", 0) != 0;
    if (r.node.has("clip")) cell.clip = r.node.f("clip", 0);
    if (const Tensor* p = kind == CellKind::lstm ? r.in(7).constant : nullptr)
      cell.peephole.assign(p->data<float>() + d * 3 * hidden, p->data<float>() + (d + 1) * 3 * hidden);
    bool all_usual = true;
    for (size_t i = 0; i < usual.size(); ++i) {
      const ops::Activation& a = all[static_cast<size_t>(d) * usual.size() + i];
      UnaryFn& to = i == 0 ? cell.f : i == 1 ? cell.g : cell.h;
      to = function_of(a);
      if (!to.row) return text("activation ", a.name);
      all_usual = all_usual && std::string_view(a.name) == usual[i];
    }
    choose_steps(cell, all_usual);
    cells.push_back(std::move(cell));
  }
  return {};
}

// Rows [first, first + n) of direction d of the weights in input i, which has `k` columns.
PanelSource weight_rows(const Request& r, size_t i, int64_t d, int64_t first, int64_t n, int64_t k) {
  const Tensor& w = *r.in(i).constant;
  const int64_t row = d * w.dim(1) + first;
  PanelSource s{w, row * k, n, k, nullptr, nullptr, row};
  if (w.dtype() != DType::f32) {
    s.scale = r.in(i == 1 ? 8 : 10).constant->data<float>() + row;
    s.zero = r.in(i == 1 ? 9 : 11).constant;
  }
  return s;
}

std::vector<PanelSource> all_rows(const Request& r, size_t i, int64_t count, int64_t n, int64_t k) {
  std::vector<PanelSource> all;
  for (int64_t d = 0; d < count; ++d) all.push_back(weight_rows(r, i, d, 0, n, k));
  return all;
}

// X W^T + bias by oneDNN into the gates.
std::shared_ptr<onednn::Step> float_product(const Request& r, int64_t d, const Recurrent& m, const std::vector<float>& bias, int64_t at_gates,
                                            int64_t at_work, int64_t& work, std::string& detail) {
  using namespace onednn;
  const Tensor& w = *r.in(1).constant;
  const int64_t rows = m.steps * m.batch, width = m.width();
  Team team(r.threads);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  Desc x({rows, m.inputs}, Type::f32, dnnl::memory::format_tag::ab), y({rows, width}, Type::f32, dnnl::memory::format_tag::ab),
      b({1, width}, Type::f32, dnnl::memory::format_tag::ab);
  dnnl::matmul::primitive_desc pd(engine(), x, any(DType::f32, {m.inputs, width}), b, y, attr);
  auto step = std::make_shared<Step>(dnnl::matmul(pd), r.threads);
  step->src(DNNL_ARG_SRC, x, 0);
  Tensor part = w.dim(0) == 1 ? w : Tensor::copy_of(DType::f32, {width, m.inputs}, w.data<float>() + d * width * m.inputs);
  step->fixed(DNNL_ARG_WEIGHTS, pd.weights_desc(),
              pack(r, part, Desc({m.inputs, width}, Type::f32, dnnl::memory::format_tag::ba), pd.weights_desc()));
  step->fixed(DNNL_ARG_BIAS, b, floats(bias));
  step->scratch(DNNL_ARG_DST, y, at_gates);
  work = std::max<int64_t>(work, static_cast<int64_t>(pd.scratchpad_desc().get_size()));
  step->scratch(DNNL_ARG_SCRATCHPAD, pd.scratchpad_desc(), at_work);
  detail = pd.impl_info_str();
  return step;
}

void read_bias(const Request& r, int64_t d, const Recurrent& m, Direction& dir) {
  const int64_t width = m.width();
  dir.bias.assign(static_cast<size_t>(width), 0);
  const bool apart = dir.cell.kind == CellKind::gru && dir.cell.reset_after;
  const Tensor* b = r.in(3).constant;
  if (!b) return;
  if (apart) dir.state_bias.assign(static_cast<size_t>(width), 0);
  const float *of_w = b->data<float>() + d * 2 * width, *of_r = of_w + width;
  for (int64_t j = 0; j < width; ++j) {
    const bool state = apart && j >= 2 * m.hidden;
    dir.bias[static_cast<size_t>(j)] = of_w[j] + (state ? 0.0f : of_r[j]);
    if (state) dir.state_bias[static_cast<size_t>(j)] = of_r[j];
  }
}

Offer prepare(const Request& r, CellKind kind) {
  std::string reason = unusual(r);
  if (!reason.empty()) return Decline{reason};
  auto all = std::make_shared<Recurrent>();
  Recurrent& m = *all;
  const graph::Node& n = r.node;
  const Tensor &w = *r.in(1).constant, &rec = *r.in(2).constant;
  const int64_t count = ops::direction_count(n);
  m.batch_first = n.i("layout", 0) != 0;
  m.steps = r.in(0).shape[m.batch_first ? 1 : 0];
  m.batch = r.in(0).shape[m.batch_first ? 0 : 1];
  m.inputs = w.dim(2);
  m.hidden = rec.dim(2);
  m.threads = r.threads;
  m.fine = n.i("round_rows", 0) == 0;
  if (m.steps == 0 || m.batch == 0 || m.hidden == 0) return Decline{"empty tensor"};
  if (std::max(m.inputs, m.hidden) > 60000) return Decline{"a row longer than integer sums take"};
  std::vector<Cell> cells;
  reason = read_cells(r, kind, m.hidden, count, cells);
  if (!reason.empty()) return Decline{reason};
  m.gates = cells[0].gates();
  if (w.dim(0) != count || w.dim(1) != m.width() || rec.dim(1) != m.width()) return Decline{"weights of another shape"};

  const int64_t rows = m.steps * m.batch, width = m.width();
  const std::vector<PanelSource> of_w = all_rows(r, 1, count, width, m.inputs), of_r = all_rows(r, 2, count, width, m.hidden);
  const PanelKind w_kind = panel_kind(r, of_w, m.fine, rows), r_kind = panel_kind(r, of_r, m.fine, m.batch);
  m.multiply_w = multiply_panels(w_kind);
  m.multiply_r = multiply_panels(r_kind);
  // with AVX2 the panels' own product is the faster one
  const bool dnnl_input = w.dtype() == DType::f32 && w_kind == PanelKind::f32 && rows >= 8 && isa() != Isa::avx2;
  m.pitch = dnnl_input || m.batch == 1 ? width : width + 16;
  onednn::Scratch scratch;
  for (int64_t d = 0; d < (count > 1 && r.threads > 1 ? count : 1); ++d) {
    Places p;
    p.gates = scratch.add(rows * m.pitch * k_float);
    p.h = scratch.add(m.batch * m.hidden * k_float);
    p.c = scratch.add(m.batch * m.hidden * k_float);
    p.u = scratch.add(m.batch * m.pitch * k_float);
    p.own = scratch.add(m.batch * width * k_float);
    p.rows = scratch.add(std::max(dnnl_input ? 0 : panel_rows_bytes(w_kind, rows, m.inputs), panel_rows_bytes(r_kind, m.batch, m.hidden)));
    m.places.push_back(p);
  }
  static constexpr const char* k_kinds[] = {"float32", "bfloat16", "8-bit", "8-bit", "paired 8-bit"};
  std::string detail =
      text(isa_name(), ", ", k_kinds[static_cast<int>(r_kind)], " steps", w_kind == PanelKind::i8_pairs && r_kind != w_kind ? ", paired inputs" : "");
  int64_t work = 0;
  for (int64_t d = 0; d < count; ++d) {
    Direction dir;
    dir.cell = std::move(cells[static_cast<size_t>(d)]);
    dir.backward = n.s("direction", "forward") == "reverse" || d == 1;
    read_bias(r, d, m, dir);
    const bool reset_first = kind == CellKind::gru && !dir.cell.reset_after;
    dir.r = pack_panels(r, weight_rows(r, 2, d, 0, reset_first ? 2 * m.hidden : width, m.hidden), r_kind);
    if (reset_first) dir.r_last = pack_panels(r, weight_rows(r, 2, d, 2 * m.hidden, m.hidden, m.hidden), r_kind);
    if (dnnl_input) {
      std::string product;
      dir.input = float_product(r, d, m, dir.bias, m.places[static_cast<size_t>(d) % m.places.size()].gates, scratch.size(), work, product);
      detail = text(isa_name(), ", ", k_kinds[static_cast<int>(r_kind)], " steps, ", product);
    } else {
      dir.w = pack_panels(r, weight_rows(r, 1, d, 0, width, m.inputs), w_kind);
    }
    m.directions.push_back(std::move(dir));
  }
  scratch.add(work);

  Prepared p;
  p.detail = detail;
  p.scratch_bytes = scratch.size();
  for (int i : {1, 2, 3, 7, 8, 9, 10, 11})
    if (r.in(static_cast<size_t>(i)).present) p.unused_inputs.push_back(i);
  std::array<bool, 7> present{};
  for (size_t i : {0, 4, 5, 6}) present[i] = r.in(i).present && (i != 6 || kind == CellKind::lstm);
  const std::array<bool, 3> outputs{r.out(0).present, r.out(1).present, kind == CellKind::lstm && r.out(2).present};
  p.run = [all, present, outputs](const Args& a) {
    const void* src[7];
    void* dst[3];
    for (size_t i = 0; i < 7; ++i) src[i] = present[i] ? a.src[i] : nullptr;
    for (size_t i = 0; i < 3; ++i) dst[i] = outputs[i] ? a.dst[i] : nullptr;
    all->run({src, dst, a.scratch, a.threads});
  };
  return p;
}

Offer prepare_lstm(const Request& r) { return prepare(r, CellKind::lstm); }
Offer prepare_gru(const Request& r) { return prepare(r, CellKind::gru); }
Offer prepare_rnn(const Request& r) { return prepare(r, CellKind::rnn); }

}  // namespace

extern const Candidate packed_lstm{"LSTM", "", "packed_recurrent", Wish::plain, prepare_lstm};
extern const Candidate packed_gru{"GRU", "", "packed_recurrent", Wish::plain, prepare_gru};
extern const Candidate packed_rnn{"RNN", "", "packed_recurrent", Wish::plain, prepare_rnn};
extern const Candidate packed_mo_lstm{"LSTM", "mo", "packed_recurrent", Wish::plain, prepare_lstm};
extern const Candidate packed_mo_gru{"GRU", "mo", "packed_recurrent", Wish::plain, prepare_gru};
extern const Candidate packed_mo_rnn{"RNN", "mo", "packed_recurrent", Wish::plain, prepare_rnn};

}  // namespace mo::kernels
