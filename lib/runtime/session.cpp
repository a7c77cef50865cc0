// Session: checks what comes in, finds the plan, runs it.
#include "runtime/session.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <numeric>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "ops/op.h"
#include "plan/plan.h"
#include "plan/program.h"
#include "plan/refine.h"
#include "runtime/synthetic.h"

namespace mo::runtime {

using graph::Graph;
using graph::k_none;
using graph::Type;
using graph::ValueId;

namespace {

std::vector<std::string> names_of(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& p : ports) names.push_back(p.name);
  return names;
}

[[noreturn]] void unknown_name(const char* what, std::string_view name, const std::vector<std::string>& choices) {
  std::string near = nearest(name, choices);
  fail(Code::not_found, "no ", what, " '", printable(name), "'", near.empty() ? std::string() : "; did you mean '" + printable(near) + "'",
       choices.empty() ? std::string() : "; there are " + printable(join(choices, ", ")));
}

template <class F>
void for_each_graph(const Graph& g, F&& visit) {
  visit(g);
  for (graph::NodeId id : g.order())
    for (const auto& [attribute, sub] : graph::subgraphs(g.node(id))) for_each_graph(*sub, visit);
}

bool has_bf16(const Graph& g) {
  for (ValueId v = 0; v < g.value_count(); ++v)
    if (g.value(v).is_constant() && g.value(v).constant.dtype() == DType::bf16) return true;
  return false;
}

// What the file says of inner values may be narrower than what the model can take ("batch 1"): only inputs and constants keep their types.
void forget_inner_types(Graph& g) {
  for (ValueId v = 0; v < g.value_count(); ++v)
    if (g.value(v).producer != k_none) g.value(v).type = Type();
}

}  // namespace

class Session::Impl {
 public:
  Impl(Graph source, SessionOptions given) : options(std::move(given)), original(std::move(source)), shared(std::make_shared<plan::Shared>()) {
    require(options.threads >= 0, Code::invalid_argument, "threads must not be negative, got ", options.threads);
    options.threads = resolve_threads(options.threads);
    require(options.max_plans >= 1, Code::invalid_argument, "max_plans must be at least 1, got ", options.max_plans);
    shared->options = {options.threads,  options.optimize,           options.disabled_passes, options.disabled_kernels,
                       options.observed, options.observed_as_stored, options.memory_limit,    options.max_plans};
    for (ValueId v : original.inputs) inputs.push_back({original.value(v).name, original.value(v).type, original.value(v).is_constant()});
    add_extra_outputs();
    check_observed();
    std::vector<Type> declared;
    for (ValueId v : original.outputs) declared.push_back(original.value(v).type);
    forget_inner_types(original);
    ops::infer_graph(original);
    for (size_t k = 0; k < declared.size(); ++k) {
      const graph::Value& v = original.value(original.outputs[k]);
      outputs.push_back({v.name, declared[k].kind == Type::Kind::unknown ? v.type : declared[k], false});
    }
    for_each_graph(original, [&](const Graph& g) {
      for (graph::NodeId id : g.order()) {
        const ops::OpDef* def = ops::find(g.node(id).op, g.node(id).domain);
        random |= def && (def->flags & ops::k_random);
      }
    });
    bool one_shape =
        std::all_of(inputs.begin(), inputs.end(), [](const Port& p) { return !p.optional && (!p.type.is_tensor() || p.type.is_static()); });
    shared->options.release_weights = options.release_weights || one_shape;
    shared->options.bf16 = (options.bf16 || has_bf16(original)) && (cpu().avx512_bf16 || cpu().amx_bf16);
    if (!options.cache_folder.empty()) {
      shared->store = std::make_unique<plan::PackStore>(options.cache_folder, original);
      shared->packs.use(shared->store.get());
    }
    program = make_program(std::vector<bool>(inputs.size()));
  }

  void add_extra_outputs() {
    for (const std::string& name : options.extra_outputs) {
      ValueId v = original.find_value(name);
      if (v == k_none) unknown_name("value", name, {});
      if (!original.is_output(v)) original.outputs.push_back(v);
    }
  }

  void check_observed() {
    for (const std::string& name : options.observed) {
      bool found = false;
      for_each_graph(original, [&](const Graph& g) { found |= g.find_value(name) != k_none; });
      if (!found) unknown_name("value", name, {});
    }
  }

  // given[k]: the caller supplies input k, so that its default is no constant.
  std::shared_ptr<plan::Program> make_program(const std::vector<bool>& given) {
    Graph g = original;
    bool defaults = std::any_of(inputs.begin(), inputs.end(), [](const Port& p) { return p.optional; });
    if (shared->options.release_weights && !defaults)  // no other program will be made of it
      for (ValueId v = 0; v < original.value_count(); ++v) original.value(v).constant = Tensor();
    std::vector<ValueId> kept;
    for (size_t k = 0; k < inputs.size(); ++k) {
      ValueId v = original.inputs[k];
      if (inputs[k].optional && !given[k]) continue;
      if (inputs[k].optional) g.value(v).constant = Tensor();
      kept.push_back(v);
    }
    g.inputs = kept;
    if (options.optimize) plan::optimize(g, shared->options);
    for_each_graph(g, [&](const Graph& sub) {
      for (ValueId v = 0; v < sub.value_count(); ++v)
        if (sub.value(v).is_constant()) shared->lasting.add(sub.value(v).constant.raw());
    });
    return std::make_shared<plan::Program>(shared, std::move(g), "", true);
  }

  // The program for the inputs present, and these in its order.
  std::shared_ptr<plan::Program> select(std::span<const Datum> given, std::vector<const Datum*>& present) {
    require(given.size() == inputs.size(), Code::invalid_argument, "the model has ", inputs.size(), " inputs, got ", given.size());
    bool overrides = false;
    for (size_t k = 0; k < given.size(); ++k) {
      check_input(k, given[k]);
      if (inputs[k].optional && given[k].is_none()) continue;
      overrides |= inputs[k].optional;
      present.push_back(&given[k]);
    }
    if (!overrides) return program;
    std::vector<bool> mask;
    for (size_t k = 0; k < given.size(); ++k) mask.push_back(inputs[k].optional && !given[k].is_none());
    std::lock_guard lock(variants_mutex);
    auto& variant = variants[mask];
    if (!variant) variant = make_program(mask);
    return variant;
  }

  void check_input(size_t k, const Datum& d) const {
    const Port& port = inputs[k];
    const Type& t = port.type;
    if (d.is_none()) {
      require(port.optional || t.kind == Type::Kind::optional, Code::not_found, "input '", printable(port.name), "' is missing");
      return;
    }
    if (!t.is_tensor()) return;
    require(d.is_tensor(), Code::type, "input '", printable(port.name), "' must be a tensor");
    const Tensor& x = d.tensor;
    require(t.dtype == DType::undefined || x.dtype() == t.dtype, Code::type, "input '", printable(port.name), "' is ", name(t.dtype), ", got ",
            name(x.dtype()));
    if (!t.ranked) return;
    bool fits = x.rank() == t.rank();
    for (size_t i = 0; fits && i < t.dims.size(); ++i) fits = !t.dims[i].known() || t.dims[i].size == x.shape()[i];
    require(fits, Code::shape, "input '", printable(port.name), "' is ", graph::describe(t), ", got ", describe(x));
  }

  void run(std::span<const Datum> given, std::span<Datum> results, const RunOptions& run_options, plan::Times* times = nullptr) {
    require(results.size() == outputs.size(), Code::invalid_argument, "the model has ", outputs.size(), " outputs, got room for ", results.size());
    thread_local std::vector<const Datum*> present;
    std::vector<const Datum*> in = std::move(present);  // taken, so that a run inside a callback finds an empty one
    in.clear();
    std::shared_ptr<plan::Program> p = select(given, in);
    plan::RunState state;
    state.control = run_options.control;
    plan::Observer plain;
    if (options.observed_as_stored) {
      if (run_options.on_stored) state.on_value = &run_options.on_stored;
    } else if (run_options.on_value) {
      plain = [&](const std::string& name, const Tensor& value, bool) { run_options.on_value(name, value); };
      state.on_value = &plain;
    }
    state.times = times;
    std::optional<Random> stream;
    if (random) state.random = &stream.emplace(options.seed, runs.fetch_add(1));
    std::shared_ptr<const plan::Plan> chosen = p->plan_for(in);
    if (chosen->outputs_planned()) {
      chosen->run(in, results, state);
    } else {
      std::vector<Datum> wanted(results.begin(), results.end());
      chosen->run(in, results, state);
      for (size_t k = 0; k < wanted.size(); ++k) write_back(k, wanted[k], results[k]);
    }
    present = std::move(in);
  }

  // A result of unforeseen shape goes into the memory that the caller gave, when it fits.
  void write_back(size_t k, Datum& wanted, Datum& result) const {
    if (!wanted.is_tensor() || !result.is_tensor() || result.tensor.shares_storage(wanted.tensor)) return;
    require(result.tensor.dtype() == wanted.tensor.dtype() && result.tensor.shape() == wanted.tensor.shape(), Code::shape, "output '",
            printable(outputs[k].name), "' is ", describe(result.tensor), ", given memory is ", describe(wanted.tensor));
    Tensor made = result.tensor;
    result = Datum();
    void* dst = wanted.tensor.owns() ? const_cast<void*>(wanted.tensor.raw()) : wanted.tensor.raw_mutable();
    if (made.dtype() != DType::string && made.bytes() > 0) std::memcpy(dst, made.raw(), static_cast<size_t>(made.bytes()));
    result = made.dtype() == DType::string ? Datum(made) : wanted;
  }

  SessionOptions options;
  Graph original;
  std::vector<Port> inputs, outputs;
  bool random = false;
  std::atomic<uint64_t> runs{0};
  std::shared_ptr<plan::Shared> shared;
  std::shared_ptr<plan::Program> program;
  std::mutex variants_mutex;
  std::map<std::vector<bool>, std::shared_ptr<plan::Program>> variants;
};

Session::Session(Graph graph, SessionOptions options) : impl_(std::make_unique<Impl>(std::move(graph), std::move(options))) {}
Session::~Session() = default;

const std::vector<Port>& Session::inputs() const { return impl_->inputs; }
const std::vector<Port>& Session::outputs() const { return impl_->outputs; }
const SessionOptions& Session::options() const { return impl_->options; }

namespace {

std::vector<Datum> in_order(const std::vector<Port>& ports, const Named& given, const char* what) {
  std::vector<Datum> out(ports.size());
  size_t used = 0;
  for (size_t k = 0; k < ports.size(); ++k)
    if (auto it = given.find(ports[k].name); it != given.end()) out[k] = it->second, ++used;
  if (used == given.size()) return out;
  std::vector<std::string> names = names_of(ports);
  for (const auto& [name, datum] : given)
    if (std::find(names.begin(), names.end(), name) == names.end()) unknown_name(what, name, names);
  return out;
}

}  // namespace

Named Session::run(const Named& inputs, const RunOptions& options) const {
  std::vector<Datum> results = run(in_order(impl_->inputs, inputs, "input"), options);
  Named out;
  for (size_t k = 0; k < results.size(); ++k) out.emplace(impl_->outputs[k].name, std::move(results[k]));
  return out;
}

std::vector<Datum> Session::run(std::span<const Datum> inputs, const RunOptions& options) const {
  std::vector<Datum> results(impl_->outputs.size());
  impl_->run(inputs, results, options);
  return results;
}

void Session::run_into(std::span<const Datum> inputs, std::span<Datum> outputs, const RunOptions& options) const {
  impl_->run(inputs, outputs, options);
}

void Session::run_into(const Named& inputs, Named& outputs, const RunOptions& options) const {
  std::vector<Datum> in = in_order(impl_->inputs, inputs, "input"), out = in_order(impl_->outputs, outputs, "output");
  for (auto& [name, datum] : outputs) datum = Datum();  // so that storage is held once while it is written
  impl_->run(in, out, options);
  for (size_t k = 0; k < out.size(); ++k) outputs.insert_or_assign(impl_->outputs[k].name, std::move(out[k]));
}

void Session::prepare(const std::map<std::string, Shape, std::less<>>& shapes) const {
  std::vector<std::string> names = names_of(impl_->inputs);
  for (const auto& [name, shape] : shapes)
    if (std::find(names.begin(), names.end(), name) == names.end()) unknown_name("input", name, names);
  std::vector<Type> types;
  for (const Port& p : impl_->inputs) {
    if (p.optional) continue;
    Type t = p.type;
    if (auto it = shapes.find(p.name); it != shapes.end()) {
      impl_->check_input(static_cast<size_t>(&p - impl_->inputs.data()), Datum(Tensor::borrow(t.dtype, it->second, nullptr)));
      t = Type::tensor(t.dtype, it->second);
    }
    require(!t.is_tensor() || t.is_static(), Code::invalid_argument, "the shape of input '", printable(p.name), "' (", graph::describe(t),
            ") must be given");
    types.push_back(std::move(t));
  }
  impl_->program->plan_for(types);
}

plan::Report Session::explain() const {
  plan::Report report;
  report.threads = impl_->options.threads;
  auto plans = impl_->program->plans();
  if (plans.empty()) {
    prepare(resolve_shapes(impl_->inputs));
    plans = impl_->program->plans();
  }
  if (!plans.empty()) plans[0]->describe(report);
  return report;
}

plan::Report Session::profile(std::span<const Datum> inputs, int iterations) const {
  require(iterations > 0, Code::invalid_argument, "iterations must be positive, got ", iterations);
  std::vector<Datum> results(impl_->outputs.size());
  impl_->run(inputs, results, {});
  plan::Times times;
  std::vector<double> us;
  for (int i = 0; i < iterations; ++i) {
    auto start = std::chrono::steady_clock::now();
    impl_->run(inputs, results, {}, &times);
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    times.end_run();
  }
  std::vector<const Datum*> present;
  plan::Report report;
  report.threads = impl_->options.threads;
  impl_->select(inputs, present)->plan_for(present)->describe(report, &times);
  report.runs = iterations;
  report.run_us = std::accumulate(us.begin(), us.end(), 0.0) / iterations;
  std::sort(us.begin(), us.end());
  report.run_min_us = us.front();
  report.run_median_us = (us[(us.size() - 1) / 2] + us[us.size() / 2]) / 2;
  return report;
}

Session::Memory Session::memory() const {
  Memory m;
  m.arena_bytes = impl_->shared->workspaces.total_bytes();
  m.weight_bytes = impl_->program->weight_bytes();
  for (const auto& plan : impl_->program->plans()) {
    m.packed_bytes = std::max(m.packed_bytes, plan->packed_bytes());
    m.contexts += static_cast<int>(plan->context_count());
    ++m.plans;
  }
  if (const auto& store = impl_->shared->store) {
    const plan::PackStore::Counts counts = store->counts();
    m.packs_made = counts.made;
    m.packs_mapped = counts.mapped;
  }
  m.peak_rss_bytes = peak_rss();
  return m;
}

}  // namespace mo::runtime
