// Latency, memory and metric of one model.
#include "api/measure.h"

#include "api/shapes.h"
#include "runtime/synthetic.h"

namespace mo::api {

report::Side side_of(const mo_model& model) {
  report::Side side;
  side.digest = model.saved().digest;
  side.summary = model.summary();
  side.file_bytes = model.saved().bytes;
  side.load_ms = model.load_ms;
  return side;
}

void measure_latency(report::Side& side, const mo_model& model, const LatencyWish& wish, std::span<const Datum> inputs, Control* control) {
  runtime::SessionOptions s;
  s.threads = wish.threads;
  s.bf16 = wish.bf16;
  auto start = std::chrono::steady_clock::now();
  runtime::Session session(model.model, s);
  double session_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  runtime::BenchmarkOptions b;
  b.seconds = wish.seconds;
  b.iterations = wish.runs;
  b.min_warm_up = wish.warmup;
  b.seed = wish.seed;
  std::vector<Datum> made;
  if (inputs.empty()) {
    made = runtime::synthetic_inputs(session.inputs(), complete_shapes(parse_shapes(wish.shapes, session.inputs()), session.inputs(), wish.batch), 0,
                                     wish.seed);
    inputs = made;
  }
  side.latency = runtime::benchmark(session, inputs, b, control);
  side.latency->session_ms = session_ms;
  side.memory = session.memory();
}

void measure_metric(report::Side& side, const mo_model& model, data::Dataset& dataset, const std::string& metric, const std::string& output,
                    int threads, Control* control, bool keep_each) {
  runtime::SessionOptions s;
  s.threads = threads;
  runtime::Session session(model.model, s);
  side.metric = data::evaluate(session, dataset, data::metric(metric), output, control, keep_each);
}

data::BootstrapOptions bootstrap_of(const OptionSet& o) {
  return {o.integer("resamples"), o.real("confidence"), static_cast<uint64_t>(o.integer("seed"))};
}

}  // namespace mo::api
