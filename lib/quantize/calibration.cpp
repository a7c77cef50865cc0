// The calibration session: the simplified model run with observers on every value that quantization could ask about.
#include <cmath>
#include <cstring>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "base/threads.h"
#include "quantize/calibration.h"
#include "quantize/points.h"
#include "quantize/prepare.h"
#include "quantize/traits.h"

namespace mo::quantize {

namespace {

// What any set of options may need: the activations that compute, combine and move nodes read or make, and the outputs.
std::vector<std::string> watched_values(const graph::Graph& g, bool attention) {
  Points p = choose_points(g, [](const graph::Node&) { return std::string(); }, {attention, false});
  Points with_outputs = choose_points(g, [](const graph::Node&) { return std::string(); }, {attention, true});
  p.values.insert(with_outputs.values.begin(), with_outputs.values.end());
  std::vector<std::string> names;
  for (graph::ValueId v : p.values) names.push_back(g.value(v).name);
  return names;
}

std::string fingerprint(const graph::Graph& g, const std::vector<std::string>& watched) {
  Sha256 hash;
  auto add = [&](std::string_view s) { hash.update_int(static_cast<int64_t>(s.size())), hash.update(s); };
  for (graph::NodeId id : g.order()) add(g.node(id).op);
  for (graph::ValueId v : g.inputs) add(g.value(v).name);
  for (const std::string& name : watched) add(name);
  return hex(hash.finish());
}

class Writer {
 public:
  template <class T>
  void number(T v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void string(std::string_view s) { number<int64_t>(static_cast<int64_t>(s.size())), out.append(s); }
  std::string out;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}
  template <class T>
  T number() {
    T v;
    std::memcpy(&v, take(sizeof v).data(), sizeof v);
    return v;
  }
  std::string string() { return std::string(take(number<int64_t>())); }
  std::string_view take(int64_t n) {
    require(n >= 0 && n <= static_cast<int64_t>(bytes_.size()) - at_, Code::format, where_, ": truncated calibration file");
    std::string_view s = bytes_.substr(static_cast<size_t>(at_), static_cast<size_t>(n));
    at_ += n;
    return s;
  }

 private:
  std::string_view bytes_;
  const std::string& where_;
  int64_t at_ = 0;
};

constexpr std::string_view k_magic = "libmo calibration 3\n";

}  // namespace

struct Calibration::State {
  graph::Model model;  // as given: shares its weights with the caller's
  std::unique_ptr<runtime::Session> session;
  std::vector<runtime::Port> inputs;
  std::vector<std::string> watched;
  int threads = 0;
  std::map<std::string, Statistics, std::less<>> statistics;
  std::set<std::string, std::less<>> convolved;  // values that a convolution reads
  std::string fingerprint;
  int64_t samples = 0;
  std::vector<runtime::Named> kept;
  int64_t kept_bytes = 0, room = 0, feeds = 0, stride = 1;

  void wake(const graph::Model& prepared) {
    runtime::SessionOptions options;
    options.threads = threads;
    options.observed = watched;
    options.observed_as_stored = true;
    session = std::make_unique<runtime::Session>(prepared, options);
  }

  // Every stride-th feed is kept; when they no longer fit, every second of them goes and the stride doubles.
  void keep(const runtime::Named& inputs) {
    if (feeds++ % stride != 0) return;
    runtime::Named copy;
    int64_t bytes = 0;
    for (const auto& [name, d] : inputs) bytes += d.is_tensor() ? d.tensor.bytes() : 0;
    if (bytes > room) return;
    for (const auto& [name, d] : inputs) copy.emplace(name, d.is_tensor() ? Datum(d.tensor.clone()) : d);
    kept.push_back(std::move(copy));
    kept_bytes += bytes;
    while (kept_bytes > room && kept.size() > 1) thin();
  }

  void thin() {
    std::vector<runtime::Named> left;
    kept_bytes = 0;
    for (size_t i = 0; i < kept.size(); i += 2) {
      for (const auto& [name, d] : kept[i]) kept_bytes += d.is_tensor() ? d.tensor.bytes() : 0;
      left.push_back(std::move(kept[i]));
    }
    kept = std::move(left);
    stride *= 2;
  }
};

Calibration::Calibration(const graph::Model& model, const CalibrationOptions& options) : state_(std::make_unique<State>()) {
  graph::Model prepared = prepare(model, true);
  std::vector<std::string> watched = watched_values(prepared.graph, options.attention);
  state_->room = options.kept_bytes;
  state_->fingerprint = fingerprint(prepared.graph, watched);
  for (const std::string& name : watched) state_->statistics[name];
  for (graph::NodeId id : prepared.graph.order())
    if (prepared.graph.node(id).is("Conv")) state_->convolved.insert(prepared.graph.value(prepared.graph.node(id).input(0)).name);
  state_->model = model, state_->watched = std::move(watched), state_->threads = resolve_threads(options.threads);
  state_->wake(prepared);
  state_->inputs = state_->session->inputs();
}

Calibration::~Calibration() = default;

void Calibration::rest() const { state_->session.reset(); }

void Calibration::feed(const runtime::Named& inputs, Control* control) {
  std::map<std::string, Statistics, std::less<>> fresh;  // so that a run that fails half-way leaves nothing behind
  runtime::RunOptions run;
  run.control = control;
  run.on_stored = [&](const std::string& name, const Tensor& value, bool channels_last) {
    if (is_floating(value.dtype())) observe(fresh[name], value, {state_->convolved.contains(name), channels_last, state_->threads});
  };
  if (!state_->session) state_->wake(prepare(state_->model, true));
  state_->session->run(inputs, run);
  for (const auto& [name, s] : fresh) quantize::merge(state_->statistics[name], s);
  const Datum* first = inputs.empty() ? nullptr : &inputs.begin()->second;
  state_->samples += first && first->is_tensor() && first->tensor.rank() > 0 ? first->tensor.dim(0) : 1;
  state_->keep(inputs);
}

void Calibration::merge(const Calibration& other) {
  require(other.state_->fingerprint == state_->fingerprint, Code::invalid_argument, "the calibrations are of different models");
  for (const auto& [name, s] : other.state_->statistics) quantize::merge(state_->statistics[name], s);
  state_->samples += other.state_->samples;
  for (const runtime::Named& inputs : other.state_->kept) state_->keep(inputs);
}

void Calibration::save(const std::string& path) const {
  Writer w;
  w.string(state_->fingerprint);
  w.number<int64_t>(state_->samples);
  w.number<int64_t>(static_cast<int64_t>(state_->statistics.size()));
  for (const auto& [name, s] : state_->statistics) {
    w.string(name);
    w.number(s.count), w.number(s.non_finite), w.number(s.masked), w.number(s.min), w.number(s.max), w.number(s.sum), w.number(s.sum_of_squares),
        w.number(s.span);
    w.number(s.feeds), w.number(s.sum_of_mins), w.number(s.sum_of_maxs);
    w.number<int64_t>(static_cast<int64_t>(s.bins.size()));
    for (int64_t b : s.bins) w.number(b);
    w.number<int64_t>(static_cast<int64_t>(s.channel_sums.size())), w.number(s.channel_count);
    for (double sum : s.channel_sums) w.number(sum);
  }
  write_file(path, text(k_magic, sha256_hex(w.out), "\n", w.out));
}

void Calibration::load(const std::string& path) {
  std::vector<char> bytes = read_file(path, int64_t{4} << 30);
  std::string_view all(bytes.data(), bytes.size());
  require(all.starts_with(k_magic), Code::format, path, ": not a calibration file");
  all.remove_prefix(k_magic.size());
  require(all.size() > 65 && sha256_hex(all.substr(65)) == all.substr(0, 64), Code::format, path, ": the calibration file is damaged");
  Reader r(all.substr(65), path);
  require(r.string() == state_->fingerprint, Code::invalid_argument, path, ": the calibration is of another model");
  int64_t samples = r.number<int64_t>(), count = r.number<int64_t>();
  std::map<std::string, Statistics, std::less<>> statistics;
  for (int64_t k = 0; k < count; ++k) {
    Statistics& s = statistics[r.string()];
    s.count = r.number<int64_t>(), s.non_finite = r.number<int64_t>(), s.masked = r.number<int64_t>();
    s.min = r.number<float>(), s.max = r.number<float>(), s.sum = r.number<double>(), s.sum_of_squares = r.number<double>(),
    s.span = r.number<double>();
    s.feeds = r.number<int64_t>(), s.sum_of_mins = r.number<double>(), s.sum_of_maxs = r.number<double>();
    int64_t bins = r.number<int64_t>();
    require(bins == 0 || bins == k_bins, Code::format, path, ": calibration histogram of ", bins, " bins");
    for (int64_t b = 0; b < bins; ++b) s.bins.push_back(r.number<int64_t>());
    int64_t channels = r.number<int64_t>();
    s.channel_count = r.number<int64_t>();
    for (int64_t c = 0; c < channels; ++c) s.channel_sums.push_back(r.number<double>());  // a wrong count ends in "truncated"
  }
  state_->statistics = std::move(statistics);
  state_->samples = samples;
}

int64_t Calibration::samples() const { return state_->samples; }
const std::map<std::string, Statistics, std::less<>>& Calibration::statistics() const { return state_->statistics; }
const std::vector<runtime::Port>& Calibration::inputs() const { return state_->inputs; }
const std::vector<runtime::Named>& Calibration::kept_inputs() const { return state_->kept; }

}  // namespace mo::quantize
