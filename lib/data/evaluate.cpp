// The evaluation loop, and padding of a short last batch.
#include "data/evaluate.h"

#include <chrono>

namespace mo::data {

namespace {

// The batch size that the model insists on, 0 when it takes any.
int64_t fixed_batch(std::span<const runtime::Port> ports, const Batch& batch) {
  for (const runtime::Port& p : ports)
    if (!p.optional && p.type.ranked && !p.type.dims.empty() && p.type.dims[0].known() && p.type.dims[0].size > batch.count)
      for (const auto& [name, t] : batch.inputs)
        if (name == p.name || batch.inputs.size() == 1)
          if (t.rank() == p.type.rank() && t.dim(0) == batch.count) return p.type.dims[0].size;
  return 0;
}

Tensor padded(const Tensor& t, int64_t size) {
  std::vector<Tensor> parts;
  Shape shape(t.shape().begin() + 1, t.shape().end());
  for (int64_t i = 0; i < size; ++i) parts.push_back(rows(t, std::min(i, t.dim(0) - 1), std::min(i, t.dim(0) - 1) + 1).reshaped(shape));
  return stack(parts);
}

}  // namespace

std::vector<std::pair<std::string, Tensor>> run_batch(const runtime::Session& session, const Batch& batch, const runtime::RunOptions& options) {
  int64_t size = fixed_batch(session.inputs(), batch);
  Batch whole;
  if (size > 0) {
    whole.count = size;
    for (const auto& [name, t] : batch.inputs) whole.inputs.emplace_back(name, padded(t, size));
  }
  runtime::Named results = session.run(bind_inputs(size > 0 ? whole : batch, session.inputs()), options);
  std::vector<std::pair<std::string, Tensor>> out;
  for (const runtime::Port& p : session.outputs()) {
    auto it = results.find(p.name);
    if (it == results.end() || !it->second.is_tensor()) continue;
    Tensor t = it->second.tensor;
    if (size > 0 && t.rank() > 0 && t.dim(0) == size) t = rows(t, 0, batch.count);
    out.emplace_back(p.name, std::move(t));
  }
  return out;
}

Evaluation evaluate(const runtime::Session& session, Dataset& dataset, const MetricDef& def, const std::string& output, Control* control,
                    bool keep_each) {
  std::unique_ptr<Metric> metric = def.make(output);
  metric->keep_each = keep_each;
  Evaluation e{def.name, 0, def.higher_is_better, 0, 0, {}, {}};
  dataset.rewind();
  int64_t done = 0;
  runtime::RunOptions options;
  options.control = control;
  while (std::optional<Batch> batch = dataset.next()) {
    auto start = std::chrono::steady_clock::now();
    auto outputs = run_batch(session, *batch, options);
    e.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    metric->add(outputs, *batch);
    done += batch->count;
    progress(control, "evaluate", done, dataset.count());
  }
  require(metric->samples > 0, Code::invalid_argument, "the data set has no samples");
  e.value = def.value(metric->total);
  e.samples = metric->samples;
  e.each = std::move(metric->each);
  return e;
}

}  // namespace mo::data
