// Judges, samples and inputs of searches.
#include "api/judge.h"

#include "api/shapes.h"
#include "data/bind.h"
#include "data/evaluate.h"
#include "runtime/synthetic.h"

namespace mo::api {

namespace {

class Repeated : public data::Dataset {
 public:
  Repeated(data::Dataset& source, int64_t limit) : source_(source), room_(limit) { source_.rewind(); }

  std::optional<data::Batch> next() override {
    if (at_ < kept_.size()) return kept_[at_++];
    if (whole_) return std::nullopt;
    std::optional<data::Batch> batch = source_.next();
    if (!batch) {
      whole_ = room_ >= 0;
      return batch;
    }
    for (const auto& [name, t] : batch->inputs) room_ -= t.bytes();
    room_ -= batch->label.empty() ? 0 : batch->label.bytes();
    if (room_ >= 0) kept_.push_back(*batch), at_ = kept_.size();
    return batch;
  }

  void rewind() override {
    at_ = 0;
    if (whole_) return;
    source_.rewind();  // what was read in part is read again
    if (room_ < 0) at_ = 0;
    kept_.clear();
    if (room_ >= 0) room_ = limit_;
  }
  int64_t count() const override { return source_.count(); }

 private:
  data::Dataset& source_;
  int64_t room_, limit_ = room_;
  std::vector<data::Batch> kept_;
  size_t at_ = 0;
  bool whole_ = false;
};

bool one_sample_of_many(const runtime::Named& sample, const std::vector<runtime::Port>& ports) {
  for (const runtime::Port& p : ports) {
    auto it = sample.find(p.name);
    if (it == sample.end()) continue;
    if (!it->second.is_tensor() || it->second.tensor.rank() == 0 || it->second.tensor.dim(0) < 1) return false;
    if (!p.type.ranked || p.type.dims.empty() || p.type.dims[0].known()) return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<data::Dataset> repeated(data::Dataset& source, int64_t limit) { return std::make_unique<Repeated>(source, limit); }

std::vector<runtime::Port> ports_of(const graph::Graph& g) {
  std::vector<runtime::Port> found;
  for (graph::ValueId id : g.inputs) found.push_back({g.value(id).name, g.value(id).type, g.value(id).is_constant()});
  return found;
}

search::Judge judge_of(mo_metric_fn metric, void* user, data::Dataset* dataset, const OptionSet& o, Control* control) {
  search::Judge judge;
  if (metric) {
    judge.name = "the caller's metric";
    judge.higher_is_better = o.flag("higher_is_better");
    judge.score = [metric, user](const graph::Model& m) {
      mo_model handle(m);
      double value = 0;
      int32_t status = metric(user, &handle, &value);
      require(status == 0, Code::callback, "the metric's callback returned ", status);
      return value;
    };
    return judge;
  }
  if (!dataset) return judge;
  const data::MetricDef& def = data::metric(o.text("metric"));
  judge.name = def.name;
  judge.higher_is_better = def.higher_is_better;
  auto held = std::shared_ptr<data::Dataset>(repeated(*dataset, int64_t{512} << 20));
  std::string output = o.text("metric_output");
  int threads = static_cast<int>(o.integer("threads"));
  judge.score = [&def, held, output, threads, control](const graph::Model& m) {
    runtime::SessionOptions s;
    s.threads = threads;
    runtime::Session session(m, s);
    return data::evaluate(session, *held, def, output, control).value;
  };
  return judge;
}

std::vector<runtime::Named> search_samples(const graph::Graph& g, data::Dataset* dataset, const std::vector<runtime::Named>* kept, int64_t count) {
  std::vector<runtime::Named> out;
  if (!dataset) {
    if (kept) out.assign(kept->begin(), kept->begin() + std::min<int64_t>(count, static_cast<int64_t>(kept->size())));
    return out;
  }
  std::vector<runtime::Port> ports = ports_of(g);
  dataset->rewind();
  for (int64_t seen = 0; seen < count;) {
    std::optional<data::Batch> batch = dataset->next();
    if (!batch) break;
    if (seen + batch->count > count) {
      int64_t rows = count - seen;
      data::Batch part;
      part.count = rows;
      for (const auto& [name, t] : batch->inputs)
        part.inputs.emplace_back(name, t.rank() > 0 && t.dim(0) == batch->count ? data::rows(t, 0, rows) : t);
      bool fixed = false;
      for (const runtime::Port& p : ports)
        fixed |= p.type.ranked && !p.type.dims.empty() && p.type.dims[0].known() && p.type.dims[0].size == batch->count;
      if (!fixed) batch = std::move(part);
    }
    seen += batch->count;
    out.push_back(data::bind_inputs(*batch, ports));
  }
  dataset->rewind();
  return out;
}

std::vector<Datum> timing_inputs(const graph::Graph& g, const std::vector<runtime::Named>& samples, const std::vector<std::string>& shapes) {
  std::vector<runtime::Port> ports = ports_of(g);
  std::erase_if(ports, [](const runtime::Port& p) { return p.optional; });  // what is timed has them fixed
  if (!shapes.empty() || samples.empty()) return runtime::synthetic_inputs(ports, complete_shapes(parse_shapes(shapes, ports), ports, 1), 0, 0);
  bool cut = one_sample_of_many(samples[0], ports);
  std::vector<Datum> out;
  for (const runtime::Port& p : ports) {
    auto it = samples[0].find(p.name);
    if (it == samples[0].end()) out.emplace_back();
    else out.push_back(cut ? Datum(data::rows(it->second.tensor, 0, 1)) : it->second);
  }
  return out;
}

}  // namespace mo::api
