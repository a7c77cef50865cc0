// Making and finding plans by input shapes.
#include "plan/program.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "ops/op.h"
#include "passes/narrow.h"
#include "plan/blueprint.h"
#include "plan/builder.h"
#include "plan/plan.h"
#include "plan/refine.h"

namespace mo::plan {

using graph::k_none;
using graph::Type;
using graph::ValueId;

namespace {

constexpr int k_max_bound_compiles = 16;  // contents that keep changing are no longer made part of the plan
constexpr int64_t k_small = 64;

bool small_integers(const Datum& d) {
  return d.is_tensor() && (is_integer(d.tensor.dtype()) || d.tensor.dtype() == DType::boolean) && info(d.tensor.dtype()).bits >= 8 &&
         d.tensor.size() <= k_small;
}

constexpr size_t k_max_blueprints = 16;

}  // namespace

struct Program::Key {
  struct Input {
    Datum::Kind kind;
    DType dtype;
    Shape shape;
    Tensor contents;  // when bound
  };
  std::vector<Input> inputs;
  std::shared_ptr<const Plan> plan;

  bool fits(std::span<const Datum* const> given) const {
    for (size_t k = 0; k < inputs.size(); ++k) {
      const Input& want = inputs[k];
      const Datum& d = *given[k];
      if (d.kind != want.kind) return false;
      if (!d.is_tensor()) continue;
      if (d.tensor.dtype() != want.dtype || d.tensor.shape() != want.shape) return false;
      if (want.contents && !identical(want.contents, d.tensor)) return false;
    }
    return true;
  }

  bool fits(std::span<const Type> types) const {
    for (size_t k = 0; k < inputs.size(); ++k)
      if (inputs[k].kind != Datum::Kind::tensor || inputs[k].contents || !types[k].is_static() || types[k].dtype != inputs[k].dtype ||
          types[k].shape() != inputs[k].shape)
        return false;
    return true;
  }
};

Program::Program(std::shared_ptr<Shared> shared, graph::Graph g, std::string where, bool root)
    : shared_(std::move(shared)), graph_(std::move(g)), where_(std::move(where)), root_(root), bound_(graph_.inputs.size(), 0) {}

Program::~Program() = default;

void Program::run(std::span<const Datum* const> inputs, std::span<Datum> outputs, RunState& state) {
  std::shared_ptr<const Plan> plan = plan_for(inputs);
  plan->run(inputs, outputs, state);
}

std::vector<std::shared_ptr<const Plan>> Program::plans() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const Plan>> out;
  for (const auto& key : plans_) out.push_back(key->plan);
  return out;
}

int64_t Program::context_count() const {
  int64_t n = 0;
  for (const auto& plan : plans()) n += plan->context_count();
  return n;
}

std::shared_ptr<const Plan> Program::find(std::span<const Datum* const> inputs) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (!plans_[i]->fits(inputs)) continue;
    if (i > 0) std::rotate(plans_.begin(), plans_.begin() + static_cast<int64_t>(i), plans_.begin() + static_cast<int64_t>(i) + 1);
    return plans_[0]->plan;
  }
  return nullptr;
}

std::shared_ptr<const Plan> Program::plan_for(std::span<const Datum* const> inputs) {
  require(inputs.size() == graph_.inputs.size(), Code::format, "graph '", printable(graph_.name), "' takes ", graph_.inputs.size(), " inputs, got ",
          inputs.size());
  if (auto plan = find(inputs)) return plan;
  std::lock_guard lock(making_);
  if (auto plan = find(inputs)) return plan;
  std::vector<Type> types;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Datum& d = *inputs[k];
    if (d.is_tensor()) types.push_back(Type::tensor(d.tensor.dtype(), d.tensor.shape()));
    else {
      const graph::Value& v = graph_.value(graph_.inputs[k]);
      require(!d.is_none() || !v.type.is_tensor() || v.is_constant(), Code::type, "input '", printable(v.name), "' is missing");
      types.push_back(v.type);
    }
  }
  return make(inputs, std::move(types));
}

std::shared_ptr<const Plan> Program::plan_for(std::span<const Type> types) {
  std::lock_guard lock(making_);
  for (std::lock_guard list(mutex_); const auto& key : plans_)
    if (key->fits(types)) return key->plan;
  return make({}, {types.begin(), types.end()});
}

// Lets go of a constant here and in the plan's copy of the graph; what is packed lives on in the kernels.
void Program::release(graph::Graph& copy, ValueId v) {
  released_ = true;
  const void* data = copy.value(v).constant.raw();
  shared_->lasting.remove(data);
  if (v < graph_.value_count() && graph_.value(v).constant.raw() == data) graph_.value(v).constant = Tensor();
  copy.value(v).constant = Tensor();
}

int64_t Program::weight_bytes() const {
  std::lock_guard lock(making_);
  int64_t bytes = 0;
  for (ValueId v = 0; v < graph_.value_count(); ++v) bytes += graph_.value(v).constant.bytes();
  return bytes;
}

// A blueprint and the kernels of its last drawing.
struct Program::Drawn {
  std::unique_ptr<Blueprint> blueprint;  // null where none can be made
  Choices choices;
};

Program::Drawn* Program::drawn(std::span<const Type> types) {
  const Options& options = shared_->options;
  // Bodies and tails belong to one plan and rarely see many sizes.
  if (!root_ || !options.optimize || options.release_weights || options.bf16 || std::find(bound_.begin(), bound_.end(), 1) != bound_.end())
    return nullptr;
  std::vector<Type> declared;
  for (ValueId v : graph_.inputs) declared.push_back(graph_.value(v).type);
  std::optional<OpenSizes> sizes = open_sizes(declared, types);
  if (!sizes) return nullptr;
  auto it = drawn_.find(sizes->key);
  if (it == drawn_.end()) {
    if (drawn_.size() >= k_max_blueprints) return nullptr;
    graph::Graph source = graph_;
    const size_t output_count = protect_observed(source, options);
    auto made = std::make_unique<Drawn>();
    made->blueprint = Blueprint::make(source, output_count, *sizes, options);
    if (made->blueprint) {
      const graph::Graph& g = made->blueprint->graph();
      made->choices.resize(g.order().size());
      for (ValueId v = 0; v < g.value_count(); ++v)  // packs of its constants serve every plan made from it
        if (g.value(v).producer == k_none && g.value(v).is_constant()) shared_->lasting.add(g.value(v).constant.raw());
    }
    it = drawn_.emplace(std::move(sizes->key), std::move(made)).first;
  }
  return it->second->blueprint ? it->second.get() : nullptr;
}

std::shared_ptr<const Plan> Program::make(std::span<const Datum* const> inputs, std::vector<Type> types) {
  auto start = std::chrono::steady_clock::now();
  const Options& options = shared_->options;
  require(!released_, Code::unsupported,
          "the weights of this session were released after its first plan (release_weights); other shapes need a session of their own");
  std::shared_ptr<Plan> plan;
  int folded = 0;
  for (;;) {
    graph::Graph own;
    std::vector<ValueId> input_values;
    size_t output_count = graph_.outputs.size();
    Drawn* from = drawn(types);
    const graph::Graph* drawing = from ? from->blueprint->draw(types) : nullptr;
    if (drawing) {
      input_values = drawing->inputs;
      folded = from->blueprint->folded();
    } else {
      own = graph_;
      protect_observed(own, options);
      input_values = own.inputs;
      bool sized = false;  // sizes are known now that the model leaves open: more patterns may fit
      for (size_t k = 0; k < input_values.size(); ++k) {
        sized |= own.value(input_values[k]).type.is_tensor() && !own.value(input_values[k]).type.is_static();
        own.value(input_values[k]).type = types[k];
        if (!bound_[k] || inputs.empty() || !small_integers(*inputs[k])) continue;
        own.value(input_values[k]).constant = inputs[k]->tensor.clone();
        own.inputs.erase(std::find(own.inputs.begin(), own.inputs.end(), input_values[k]));
      }
      folded = refine(own, sized, options);
      if (options.bf16 && options.optimize) passes::narrow_convolutions(own, DType::bf16);
    }
    const graph::Graph& g = drawing ? *drawing : own;

    Partition parts = partition(g);
    std::vector<int> deciding = shape_deciding_inputs(g, parts);
    // Positions in g.inputs, from which bound inputs are already gone.
    for (int& k : deciding)
      k = static_cast<int>(std::find(input_values.begin(), input_values.end(), g.inputs[static_cast<size_t>(k)]) - input_values.begin());
    bool bind = !deciding.empty() && options.optimize && bound_compiles_ < k_max_bound_compiles;
    if (bind && !inputs.empty()) {
      for (int k : deciding) bound_[static_cast<size_t>(k)] = 1;
      continue;
    }
    own.outputs.resize(std::min(own.outputs.size(), output_count));
    Builder builder(shared_, g, input_values, output_count, where_, root_);
    if (drawing) builder.keep(*from->blueprint, from->choices);
    if (options.release_weights && root_ && !bind) builder.on_packed([&](ValueId v) { release(own, v); });
    plan = builder.build(parts);
    if (shared_->store) shared_->store->save();
    plan->folded_ = folded;
    plan->wants_contents_ = bind;
    break;
  }
  plan->compile_ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (plan->wants_contents_) return plan;

  auto key = std::make_shared<Key>();
  key->plan = plan;
  bool any_bound = false;
  for (size_t k = 0; k < types.size(); ++k) {
    Key::Input in{Datum::Kind::none, DType::undefined, {}, {}};
    if (!inputs.empty() ? inputs[k]->is_tensor() : types[k].is_static()) {
      in.kind = Datum::Kind::tensor;
      in.dtype = types[k].dtype;
      in.shape = types[k].shape();
      if (bound_[k] && !inputs.empty() && small_integers(*inputs[k])) in.contents = inputs[k]->tensor.clone(), any_bound = true;
    } else {
      in.kind = inputs.empty() ? Datum::Kind::sequence : inputs[k]->kind;
    }
    key->inputs.push_back(std::move(in));
  }
  if (any_bound && ++bound_compiles_ >= k_max_bound_compiles) bound_.assign(bound_.size(), 0);
  std::lock_guard lock(mutex_);
  plans_.insert(plans_.begin(), std::move(key));
  if (static_cast<int>(plans_.size()) > std::max(options.max_plans, 1)) plans_.pop_back();
  return plan;
}

}  // namespace mo::plan
