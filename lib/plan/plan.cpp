// Running a plan: take a context, point it at the caller's memory, walk the steps.
#include "plan/plan.h"

#include <chrono>
#include <cstring>

#include "base/calm.h"
#include "base/error.h"
#include "ops/op.h"
#include "plan/context.h"
#include "plan/layout.h"

namespace mo::plan {

namespace {

double now_us() { return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Results that outlive the step must not lie in the arena or in the caller's memory.
Datum owned(Datum d) {
  if (d.is_tensor() && !d.tensor.owns()) return Datum(d.tensor.clone());
  if (!d.is_sequence() || !d.items) return d;
  bool fine = true;
  for (const Datum& item : *d.items) fine &= !item.is_sequence() && (!item.is_tensor() || item.tensor.owns());
  if (fine) return d;
  std::vector<Datum> items;
  for (const Datum& item : *d.items) items.push_back(owned(item));
  return Datum::sequence(std::move(items));
}

}  // namespace

// A context and a workspace for one run, given back whatever happens.
class Plan::Lease {
 public:
  explicit Lease(const Plan& plan) : plan_(plan) {
    {
      std::lock_guard lock(plan.mutex_);
      if (!plan.idle_.empty()) {
        context_ = std::move(plan.idle_.back());
        plan.idle_.pop_back();
      } else {
        ++plan.contexts_;
      }
    }
    try {
      if (!context_) context_ = std::make_unique<Context>(plan);
      context_->workspace = plan.shared_->workspaces.take(plan.arena_bytes_);
    } catch (...) {
      std::lock_guard lock(plan.mutex_);
      --plan.contexts_;
      throw;
    }
    context_->bind(context_->workspace->data());
  }

  ~Lease() {
    if (!done_) {  // what the step in error left behind is not worth mending
      plan_.shared_->workspaces.give(std::move(context_->workspace));
      std::lock_guard lock(plan_.mutex_);
      --plan_.contexts_;
      return;
    }
    for (size_t i = 0; i < plan_.datum_slots_.size(); ++i) {
      const Slot& s = plan_.slots_[static_cast<size_t>(plan_.datum_slots_[i])];
      if (plan_.buffers_[static_cast<size_t>(s.buffer)].place == Place::dynamic) context_->data[i] = Datum();
    }
    try {
      plan_.shared_->workspaces.give(std::move(context_->workspace));
      std::lock_guard lock(plan_.mutex_);
      plan_.idle_.push_back(std::move(context_));
    } catch (...) {  // no memory for the list of idle ones: this one is simply dropped
    }
  }

  Context& context() { return *context_; }
  void done() { done_ = true; }

 private:
  const Plan& plan_;
  std::unique_ptr<Context> context_;
  bool done_ = false;
};

Plan::Plan(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
Plan::~Plan() = default;

int64_t Plan::context_count() const {
  std::lock_guard lock(mutex_);
  return contexts_;
}

void Plan::run(std::span<const Datum* const> inputs, std::span<Datum> outputs, RunState& state) const {
  MO_ASSERT(inputs.size() == inputs_.size() && outputs.size() == outputs_.size());
  Lease lease(*this);
  Context& c = lease.context();
  set_inputs(c, inputs);
  set_outputs(c, outputs);
  run_steps(c, outputs, state);
  for (size_t k = 0; k < outputs_.size(); ++k) {
    const Output& o = outputs_[k];
    if (o.planned || o.in_tail) continue;
    outputs[k] = owned(c.data[static_cast<size_t>(slots_[static_cast<size_t>(o.slot)].datum)]);
  }
  lease.done();
  if (team_ > 1) notice_load(team_);
}

void Plan::set_inputs(Context& c, std::span<const Datum* const> inputs) const {
  for (size_t k = 0; k < inputs_.size(); ++k) {
    const Input& in = inputs_[k];
    if (in.slot < 0) continue;
    if (in.planned) {
      void* memory = const_cast<void*>(inputs[k]->tensor.raw());
      for (const Patch& patch : input_patches_[k]) c.set(patch, memory);
    } else if (int datum = slots_[static_cast<size_t>(in.slot)].datum; datum >= 0) {
      c.data[static_cast<size_t>(datum)] = *inputs[k];
    }
  }
}

void Plan::set_outputs(Context& c, std::span<Datum> outputs) const {
  for (size_t k = 0; k < outputs_.size(); ++k) {
    const Output& o = outputs_[k];
    if (!o.planned) continue;
    Datum& d = outputs[k];
    if (d.is_none()) d = Datum(Tensor::allocate(o.dtype, o.shape));
    require(d.is_tensor() && d.tensor.dtype() == o.dtype && d.tensor.shape() == o.shape, Code::shape, "output ", k, " is ", name(o.dtype), o.shape,
            ", given memory is ", d.is_tensor() ? mo::describe(d.tensor) : std::string("not a tensor"));
    void* memory = d.tensor.raw_mutable();
    for (const Patch& patch : output_patches_[k]) c.set(patch, memory);
  }
}

void Plan::run_steps(Context& c, std::span<Datum> outputs, RunState& state) const {
  if (state.on_value) observe(observe_first_, c, state);
  std::vector<Times::Entry>* times = nullptr;
  if (state.times) {
    times = &state.times->plans[this];
    times->resize(steps_.size());
  }
  const bool calm = team_ > 1 && is_calm();
  size_t i = 0;
  try {
    for (; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (state.control) [[unlikely]]
        state.control->check();
      double start = times ? now_us() : 0;
      if (step.kind == StepKind::kernel) {
        const OnCaller here(calm && step.brief);
        void** p = c.pointers.data() + step.pointer_begin;
        (*step.run)({p, p + step.src.size(), p[step.src.size() + step.dst.size()], step.threads});
      } else {
        run_step(step, c, outputs, state);
      }
      if (times) {
        (*times)[i].calls += 1;
        (*times)[i].us += now_us() - start;
      }
      if (state.on_value) [[unlikely]]
        observe(step.observe, c, state);
      for (int slot : step.release) c.data[static_cast<size_t>(slots_[static_cast<size_t>(slot)].datum)] = Datum();
    }
  } catch (Error& e) {
    if (e.code() != Code::cancelled && e.code() != Code::deadline && steps_[i].kind != StepKind::tail)
      e.at(reports_[i].owner->node, reports_[i].report->op);
    throw;
  }
}

void Plan::observe(const std::vector<std::pair<std::string, int>>& list, Context& c, RunState& state) const {
  for (const auto& [value, slot] : list) {
    const Slot& s = slots_[static_cast<size_t>(slot)];
    const Datum& d = c.data[static_cast<size_t>(s.datum)];
    if (d.is_tensor()) (*state.on_value)(value, d.tensor, stored_channels_last(s));
  }
}

void Plan::run_step(const Step& step, Context& c, std::span<Datum> outputs, RunState& state) const {
  if (step.kind == StepKind::reference) run_reference(step, c, state);
  else if (step.kind == StepKind::dynamic) run_dynamic(step, c, state);
  else run_tail(step, c, outputs, state);
}

void Plan::run_reference(const Step& step, Context& c, RunState& state) const {
  std::span<Datum> out(c.outs.data() + step.out_begin, step.dst.size());
  run_node(step, c, {c.ins.data() + step.in_begin, step.src.size()}, out, state);
  for (size_t i = 0; i < step.dst.size(); ++i) {
    if (step.dst[i] < 0) {
      out[i] = Datum();
      continue;
    }
    const Slot& s = slots_[static_cast<size_t>(step.dst[i])];
    void* planned = c.pointers[static_cast<size_t>(step.pointer_begin) + i];
    if (out[i].is_tensor() && out[i].tensor.raw() == planned) continue;
    Datum made = std::move(out[i]);
    out[i] = Datum(Tensor::borrow(s.dtype, s.shape, planned));
    require(made.is_tensor() && made.tensor.dtype() == s.dtype && made.tensor.shape() == s.shape, Code::internal, "output ", i, " was inferred as ",
            name(s.dtype), s.shape, " but is ", made.is_tensor() ? mo::describe(made.tensor) : std::string("not a tensor"));
    if (made.tensor.bytes() > 0) std::memcpy(planned, made.tensor.raw(), static_cast<size_t>(made.tensor.bytes()));
  }
}

void Plan::run_dynamic(const Step& step, Context& c, RunState& state) const {
  std::vector<Datum> out(step.dst.size());
  run_node(step, c, {c.ins.data() + step.in_begin, step.src.size()}, out, state);
  for (size_t i = 0; i < step.dst.size(); ++i)
    if (step.dst[i] >= 0) c.data[static_cast<size_t>(slots_[static_cast<size_t>(step.dst[i])].datum)] = owned(std::move(out[i]));
}

void Plan::run_tail(const Step& step, Context& c, std::span<Datum> outputs, RunState& state) const {
  std::vector<Datum> out(step.tail_outputs.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] = std::move(outputs[static_cast<size_t>(step.tail_outputs[i])]);
  step.tail->run({c.ins.data() + step.in_begin, step.src.size()}, out, state);
  for (size_t i = 0; i < out.size(); ++i) outputs[static_cast<size_t>(step.tail_outputs[i])] = std::move(out[i]);
}

namespace {

// Runs bodies of one control-flow step: the body's own inputs, then what it captures.
struct BodyRunner {
  const Step& step;
  const std::vector<Slot>& slots;
  Context& context;
  RunState& state;
  int depth = 0;

  const Body& find(const graph::Graph& g) const {
    for (const Body& b : step.bodies)
      if (b.graph == &g) return b;
    fail(Code::internal, "node '", printable(step.node->name), "' runs a subgraph that is not its own");
  }

  void run(const Body& body, std::span<const Datum> inputs, std::span<Datum> outputs) const {
    std::vector<const Datum*> all;
    all.reserve(inputs.size() + body.captures.size());
    for (const Datum& d : inputs) all.push_back(&d);
    for (int slot : body.captures) all.push_back(&context.data[static_cast<size_t>(slots[static_cast<size_t>(slot)].datum)]);
    body.program->run(all, outputs, state);
  }
};

}  // namespace

void Plan::run_node(const Step& step, Context& c, std::span<const Datum* const> in, std::span<Datum> out, RunState& state) const {
  BodyRunner bodies{step, slots_, c, state};
  if (step.node->is("If")) {
    require(in.size() == 1 && in[0] && in[0]->is_tensor() && in[0]->tensor.size() == 1 && in[0]->tensor.dtype() == DType::boolean, Code::type,
            "the condition of If must be one boolean");
    const graph::GraphPtr* branch = step.node->subgraph(*in[0]->tensor.data<bool>() ? "then_branch" : "else_branch");
    require(branch != nullptr, Code::format, "If lacks a branch");
    const Body& body = bodies.find(**branch);
    require(body.program->graph().outputs.size() >= out.size(), Code::format, "a branch of If has ", body.program->graph().outputs.size(),
            " outputs, the node ", out.size());
    return bodies.run(body, {}, out);
  }
  ops::Run r(*step.node, in, out);
  r.threads = shared_->options.threads;
  r.random = state.random;
  r.control = state.control;
  if (!step.bodies.empty())
    r.run_subgraph = [b = &bodies](const graph::Graph& body, std::span<const Datum> inputs) {
      std::vector<Datum> results(body.outputs.size());
      b->run(b->find(body), inputs, results);
      return results;
    };
  ops::run_node(r);
}

}  // namespace mo::plan
