// Slots, inputs, outputs, lifetimes: everything of a plan that is not the choice of a kernel.
#include "plan/builder.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/memory.h"
#include "plan/layout.h"
#include "plan/memory.h"
#include "plan/team.h"

namespace mo::plan {

using graph::k_none;

namespace {

template <class F>
std::shared_ptr<const std::function<void(const kernels::Args&)>> shared(F run) {
  return std::make_shared<const std::function<void(const kernels::Args&)>>(std::move(run));
}

}  // namespace

Builder::Builder(std::shared_ptr<Shared> shared, const graph::Graph& g, std::vector<ValueId> inputs, size_t output_count, std::string where,
                 bool root)
    : shared_(std::move(shared)), graph_(g), inputs_(std::move(inputs)), output_count_(output_count), where_(std::move(where)), root_(root) {
  known_.resize(static_cast<size_t>(g.value_count()));
  for (const std::string& name : shared_->options.observed) {
    ValueId v = g.find_value(name);
    if (v != k_none && (root || g.value(v).producer != k_none || g.is_output(v))) watched_.emplace(v, name);
  }
}

std::shared_ptr<Plan> Builder::build(const Partition& parts) {
  plan_ = std::make_shared<Plan>(shared_);
  plan_->where_ = where_;
  team_ = plan_team(graph_, parts.planned, shared_->options.threads);
  add_inputs();
  plan_->steps_.reserve(parts.planned.size() + parts.loose.size());
  plan_->reports_.reserve(plan_->steps_.capacity());
  plan_->slots_.reserve(static_cast<size_t>(graph_.value_count()));
  plan_->buffers_.reserve(static_cast<size_t>(graph_.value_count()));
  for (NodeId id : parts.planned) emit(id);
  for (NodeId id : parts.loose) emit_loose(id);
  if (!parts.tail.empty()) add_tail(parts);
  add_outputs();
  lifetimes();
  plan_->arena_bytes_ = plan_memory(plan_->buffers_);
  int64_t total = plan_->arena_bytes_;
  for (const Plan::Output& o : plan_->outputs_)
    if (o.planned) total = checked_add(total, storage_bytes(o.dtype, element_count(o.shape)));
  int64_t limit = shared_->options.memory_limit;
  require(limit <= 0 || total <= limit, Code::limit, "one run needs ", total, " bytes for intermediate values and outputs, the limit is ", limit);
  constexpr int64_t k_large = int64_t{1} << 30;  // the system is asked only where it matters
  require(total <= k_large || total <= available_memory(), Code::limit, "one run needs ", total,
          " bytes for intermediate values and outputs, more than this machine has left");
  plan_->finish();
  return plan_;
}

// --- slots

int Builder::new_buffer(Place place, int64_t bytes, int index) {
  Buffer b;
  b.place = place;
  b.bytes = bytes;
  b.index = index;
  plan_->buffers_.push_back(b);
  parent_.push_back(static_cast<int>(parent_.size()));
  return static_cast<int>(plan_->buffers_.size()) - 1;
}

int Builder::root_of(int buffer) {
  while (parent_[static_cast<size_t>(buffer)] != buffer)
    buffer = parent_[static_cast<size_t>(buffer)] = parent_[static_cast<size_t>(parent_[static_cast<size_t>(buffer)])];
  return buffer;
}

int Builder::new_slot(ValueId v, Layout layout, int buffer) {
  Slot s;
  s.value = v;
  if (plannable(type(v)) || (type(v).is_static() && type(v).dtype == DType::string)) {
    s.dtype = type(v).dtype;
    s.shape = type(v).shape();
  }
  s.layout = layout;
  s.buffer = buffer;
  plan_->slots_.push_back(std::move(s));
  return static_cast<int>(plan_->slots_.size()) - 1;
}

int Builder::made_slot(ValueId v, Layout layout) {
  const graph::Type& t = type(v);
  int s = new_slot(v, layout, new_buffer(Place::arena, storage_bytes(t.dtype, element_count(t.shape()))));
  return known_[static_cast<size_t>(v)].by_layout[static_cast<int>(layout)] = s;
}

int Builder::dynamic_slot(ValueId v) {
  int& s = known_[static_cast<size_t>(v)].dynamic;
  if (s < 0) {
    s = new_slot(v, Layout::plain, new_buffer(Place::dynamic, 0));
    datum(s);
  }
  return s;
}

int Builder::datum(int slot) {
  Slot& s = plan_->slots_[static_cast<size_t>(slot)];
  if (s.datum < 0) {
    s.datum = static_cast<int>(plan_->datum_slots_.size());
    plan_->datum_slots_.push_back(slot);
  }
  return s.datum;
}

Layout Builder::present_layout(ValueId v) const {
  const Known& k = known_[static_cast<size_t>(v)];
  return k.by_layout[0] < 0 && k.by_layout[1] >= 0 ? Layout::channels_last : Layout::plain;
}

int Builder::constant_slot(ValueId v, Layout layout) {
  const Tensor& t = graph_.value(v).constant;
  Tensor stored = t;
  if (layout == Layout::channels_last && !same_in_both_layouts(t.shape())) {
    stored = Tensor::allocate(t.dtype(), t.shape());
    reorder(t.raw(), stored.raw_mutable(), t.shape(), info(t.dtype()).bits, true, shared_->options.threads);
  }
  plan_->constants_.push_back(std::move(stored));
  return new_slot(v, layout, new_buffer(Place::constant, t.bytes(), static_cast<int>(plan_->constants_.size()) - 1));
}

int Builder::slot(ValueId v, Layout layout) {
  Known& k = known_[static_cast<size_t>(v)];
  if (k.dynamic >= 0) return k.dynamic;
  int& s = k.by_layout[static_cast<int>(layout)];
  if (s >= 0) return s;
  if (graph_.constant_of(v)) return s = constant_slot(v, layout);
  int other = k.by_layout[1 - static_cast<int>(layout)];
  require(other >= 0, Code::internal, "value '", printable(graph_.value(v).name), "' is read before it is made");
  const Slot from = plan_->slots_[static_cast<size_t>(other)];
  if (same_in_both_layouts(from.shape)) return s = new_slot(v, layout, from.buffer);
  int to = made_slot(v, layout);
  StepReport report;
  report.node = graph_.value(v).name;
  report.op = "reorder";
  report.kernel = "reorder";
  report.bytes = 2 * storage_bytes(from.dtype, element_count(from.shape));
  report.inputs = slots_text({other});
  report.outputs = slots_text({to});
  const double us = copy_us(report.bytes);
  Step& step = add_step(StepKind::kernel, std::move(report));
  step.threads = step_team(us, team_);
  step.brief = us < k_brief_us;
  step.src = {other};
  step.dst = {to};
  step.run = shared([shape = from.shape, bits = info(from.dtype).bits, to_last = layout == Layout::channels_last](const kernels::Args& a) {
    reorder(a.src[0], a.dst[0], shape, bits, to_last, a.threads);
  });
  return to;
}

Step& Builder::add_step(StepKind kind, StepReport report) {
  report.where = where_;
  auto owner = std::make_shared<StepOwner>();
  owner->node = std::move(report.node);
  owner->origins = std::move(report.origins);
  return add_step(kind, std::make_shared<const StepReport>(std::move(report)), std::move(owner));
}

Step& Builder::add_step(StepKind kind, std::shared_ptr<const StepReport> report, std::shared_ptr<const StepOwner> owner) {
  plan_->steps_.emplace_back();
  plan_->steps_.back().kind = kind;
  plan_->reports_.push_back({std::move(report), std::move(owner)});
  return plan_->steps_.back();
}

void Builder::watch(ValueId v) {
  auto it = v == k_none ? watched_.end() : watched_.find(v);
  if (it == watched_.end()) return;
  int s = slot(v, shared_->options.observed_as_stored ? present_layout(v) : Layout::plain);
  datum(s);
  auto& list = plan_->steps_.empty() ? plan_->observe_first_ : plan_->steps_.back().observe;
  list.emplace_back(it->second, s);
}

// --- inputs and outputs

void Builder::add_inputs() {
  for (size_t k = 0; k < inputs_.size(); ++k) {
    Plan::Input in;
    in.value = inputs_[k];
    if (in.value != k_none && !graph_.constant_of(in.value)) {
      Known& known = known_[static_cast<size_t>(in.value)];
      in.planned = plannable(type(in.value));
      if (in.planned) in.slot = known.by_layout[0] = new_slot(in.value, Layout::plain, new_buffer(Place::input, 0, static_cast<int>(k)));
      else in.slot = dynamic_slot(in.value);
    }
    plan_->inputs_.push_back(in);
  }
  if (!root_) return;
  for (const auto& [v, name] : watched_)
    if (graph_.value(v).producer == k_none &&
        (known_[static_cast<size_t>(v)].by_layout[0] >= 0 || known_[static_cast<size_t>(v)].dynamic >= 0 || graph_.constant_of(v)))
      watch(v);
}

void Builder::add_outputs() {
  plan_->outputs_.resize(output_count_);
  for (const Step& step : plan_->steps_)
    for (int k : step.tail_outputs) plan_->outputs_[static_cast<size_t>(k)].in_tail = true;
  for (size_t k = 0; k < output_count_; ++k) {
    Plan::Output& o = plan_->outputs_[k];
    if (o.in_tail) continue;
    ValueId v = graph_.outputs[k];
    if (known_[static_cast<size_t>(v)].dynamic >= 0 || !plannable(type(v))) {
      o.slot = slot(v, Layout::plain);
      datum(o.slot);
      continue;
    }
    o.planned = true;
    o.dtype = type(v).dtype;
    o.shape = type(v).shape();
    int s = plain(v);
    int root = root_of(plan_->slots_[static_cast<size_t>(s)].buffer);
    Buffer& b = plan_->buffers_[static_cast<size_t>(root)];
    if (b.place == Place::arena) {
      b.place = Place::output;
      b.index = static_cast<int>(k);
    } else {
      add_copy(s, new_slot(v, Layout::plain, new_buffer(Place::output, b.bytes, static_cast<int>(k))), "copy");
    }
  }
}

void Builder::add_copy(int src, int dst, const char* kernel) {
  StepReport report;
  report.node = graph_.value(plan_->slots_[static_cast<size_t>(src)].value).name;
  report.op = kernel;
  report.kernel = kernel;
  const Slot& s = plan_->slots_[static_cast<size_t>(src)];
  const int64_t bytes = storage_bytes(s.dtype, element_count(s.shape));
  report.bytes = 2 * bytes;
  report.inputs = slots_text({src});
  report.outputs = slots_text({dst});
  Step& step = add_step(StepKind::kernel, std::move(report));
  step.src = {src};
  step.dst = {dst};
  step.run = shared([bytes = static_cast<size_t>(bytes)](const kernels::Args& a) {
    if (bytes > 0) std::memcpy(a.dst[0], a.src[0], bytes);
  });
}

void Builder::add_tail(const Partition& parts) {
  Tail tail = extract_tail(graph_, parts.tail, output_count_);
  std::vector<int> src;
  for (ValueId v : tail.crossing) src.push_back(plain(v));
  StepReport report;
  report.op = "tail";
  report.kernel = "plan";
  report.detail = text(parts.tail.size(), " nodes planned when their shapes are known");
  Step& step = add_step(StepKind::tail, std::move(report));
  for (int s : src) datum(s);
  step.src = std::move(src);
  step.tail_outputs = tail.made;
  step.tail = std::make_shared<Program>(shared_, std::move(tail.graph), where_.empty() ? "tail" : where_ + "/tail");
}

// --- lifetimes

void Builder::lifetimes() {
  std::vector<Buffer>& buffers = plan_->buffers_;
  auto touch = [&](int buffer, int step) {
    Buffer& b = buffers[static_cast<size_t>(root_of(buffer))];
    if (b.first < 0) b.first = step;
    b.last = std::max(b.last, step);
  };
  auto buffer_of = [&](int slot) { return plan_->slots_[static_cast<size_t>(slot)].buffer; };
  for (size_t i = 0; i < plan_->steps_.size(); ++i) {
    const Step& step = plan_->steps_[i];
    int at = static_cast<int>(i);
    for (int s : step.src)
      if (s >= 0) touch(buffer_of(s), at);
    for (int s : step.dst)
      if (s >= 0) touch(buffer_of(s), at);
    for (const Body& body : step.bodies)
      for (int s : body.captures) touch(buffer_of(s), at);
    for (const auto& [name, s] : step.observe) touch(buffer_of(s), at);
    if (step.scratch >= 0) touch(step.scratch, at);
  }
  reuse_in_place();
  for (Slot& s : plan_->slots_) s.buffer = root_of(s.buffer);
  std::vector<char> is_result(plan_->slots_.size(), 0);
  for (const Plan::Output& o : plan_->outputs_)
    if (o.slot >= 0) is_result[static_cast<size_t>(o.slot)] = 1;
  for (size_t s = 0; s < plan_->slots_.size(); ++s) {
    const Buffer& b = buffers[static_cast<size_t>(plan_->slots_[s].buffer)];
    if (b.place == Place::dynamic && b.last >= 0 && !is_result[s]) plan_->steps_[static_cast<size_t>(b.last)].release.push_back(static_cast<int>(s));
  }
}

void Builder::reuse_in_place() {
  std::vector<Buffer>& buffers = plan_->buffers_;
  for (size_t i = 0; i < plan_->steps_.size(); ++i) {
    Step& step = plan_->steps_[i];
    if (step.in_place < 0 || step.dst.empty() || step.dst[0] < 0) continue;
    int from = root_of(plan_->slots_[static_cast<size_t>(step.src[static_cast<size_t>(step.in_place)])].buffer);
    int to = root_of(plan_->slots_[static_cast<size_t>(step.dst[0])].buffer);
    Buffer &a = buffers[static_cast<size_t>(from)], &b = buffers[static_cast<size_t>(to)];
    int uses = 0;
    for (int s : step.src) uses += s >= 0 && root_of(plan_->slots_[static_cast<size_t>(s)].buffer) == from;
    bool fits = from != to && uses == 1 && a.place == Place::arena && a.last == static_cast<int>(i) && a.bytes == b.bytes &&
                b.first == static_cast<int>(i) && (b.place == Place::arena || b.place == Place::output);
    if (!fits) continue;
    parent_[static_cast<size_t>(from)] = to;
    b.first = a.first;
    a.first = -1;
    step.takes_place = true;
  }
}

}  // namespace mo::plan
