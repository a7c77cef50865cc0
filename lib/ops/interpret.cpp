// The plain interpreter: an environment of values per graph, released after their last use, and recursion for subgraphs.
#include "ops/interpret.h"

#include <unordered_map>

#include "base/random.h"

namespace mo::ops {

namespace {

using graph::Capture;
using graph::k_none;
using graph::NodeId;
using graph::ValueId;

constexpr int k_max_depth = 64;  // nested subgraphs

// Which values die after which node, by position in order().
struct Schedule {
  std::vector<std::vector<ValueId>> dies_after;
};

Schedule make_schedule(const Graph& g) {
  constexpr int64_t k_never = -2;
  std::vector<int64_t> last(static_cast<size_t>(g.value_count()), -1);
  int64_t position = 0;
  for (NodeId id : g.order()) {
    const Node& n = g.node(id);
    auto touch = [&](ValueId v) {
      if (v != k_none) last[static_cast<size_t>(v)] = position;
    };
    for (ValueId v : n.inputs) touch(v);
    for (ValueId v : n.outputs) touch(v);
    for (const auto& [attribute, sub] : graph::subgraphs(n))
      for (const Capture& c : sub->captures) touch(c.outer);
    ++position;
  }
  for (ValueId v : g.outputs)
    if (v != k_none) last[static_cast<size_t>(v)] = k_never;
  Schedule s;
  s.dies_after.resize(g.order().size());
  for (size_t v = 0; v < last.size(); ++v)
    if (last[v] >= 0) s.dies_after[static_cast<size_t>(last[v])].push_back(static_cast<ValueId>(v));
  return s;
}

class Interpreter {
 public:
  using Outer = std::function<Datum(ValueId)>;

  explicit Interpreter(const InterpretOptions& options) : options_(options), own_stream_(0) {}

  std::vector<Datum> run(const Graph& g, std::span<const Datum> inputs, const Outer& outer, int depth) {
    require(depth <= k_max_depth, Code::limit, "subgraphs nested deeper than ", k_max_depth);
    require(inputs.size() <= g.inputs.size(), Code::invalid_argument, "graph '", printable(g.name), "' takes ", g.inputs.size(), " inputs, got ",
            inputs.size());
    std::vector<Datum> env(static_cast<size_t>(g.value_count()));
    for (size_t i = 0; i < g.inputs.size(); ++i) {
      Datum& slot = env[static_cast<size_t>(g.inputs[i])];
      if (i < inputs.size() && !inputs[i].is_none()) slot = inputs[i];
      else if (const Tensor* t = g.constant_of(g.inputs[i])) slot = *t;
    }
    for (const Capture& c : g.captures) {
      require(static_cast<bool>(outer), Code::internal, "subgraph '", printable(g.name), "' captures a value, but has no outer scope");
      env[static_cast<size_t>(c.inner)] = outer(c.outer);
    }
    const Schedule& schedule = schedule_of(g);
    size_t position = 0;
    for (NodeId id : g.order()) {
      step(g, id, env, depth);
      for (ValueId v : schedule.dies_after[position]) env[static_cast<size_t>(v)] = Datum();
      ++position;
    }
    std::vector<Datum> out;
    for (ValueId v : g.outputs) out.push_back(fetch(g, env, v));
    return out;
  }

  std::vector<Datum> node(const Node& n, std::span<const Datum* const> in, const Outer& outer, int depth) {
    check(options_.control);
    std::vector<Datum> out(n.outputs.size());
    Run c(n, in, out);
    c.threads = options_.threads;
    c.random = options_.random ? options_.random : &own_stream_;
    c.control = options_.control;
    c.run_subgraph = [&](const Graph& body, std::span<const Datum> body_inputs) { return run(body, body_inputs, outer, depth + 1); };
    run_node(c);
    return out;
  }

 private:
  static Datum fetch(const Graph& g, const std::vector<Datum>& env, ValueId v) {
    if (v == k_none) return {};
    const Datum& d = env[static_cast<size_t>(v)];
    if (!d.is_none()) return d;
    const Tensor* t = g.constant_of(v);
    return t ? Datum(*t) : Datum();
  }

  void step(const Graph& g, NodeId id, std::vector<Datum>& env, int depth) {
    const Node& n = g.node(id);
    std::vector<Datum> in;
    in.reserve(n.inputs.size());
    for (ValueId v : n.inputs) in.push_back(fetch(g, env, v));
    std::vector<const Datum*> pointers;
    for (const Datum& d : in) pointers.push_back(&d);
    std::vector<Datum> out = node(
        n, pointers, [&](ValueId v) { return fetch(g, env, v); }, depth);
    if (depth == 0 && options_.observe) options_.observe(id, out);
    for (size_t i = 0; i < n.outputs.size(); ++i)
      if (n.outputs[i] != k_none) env[static_cast<size_t>(n.outputs[i])] = std::move(out[i]);
  }

  const Schedule& schedule_of(const Graph& g) {
    auto it = schedules_.find(&g);
    if (it == schedules_.end()) it = schedules_.emplace(&g, make_schedule(g)).first;
    return it->second;
  }

  const InterpretOptions& options_;
  Random own_stream_{0};
  std::unordered_map<const Graph*, Schedule> schedules_;  // loop bodies run many times
};

}  // namespace

std::vector<Datum> interpret(const Graph& g, std::span<const Datum> inputs, const InterpretOptions& options) {
  return Interpreter(options).run(g, inputs, {}, 0);
}

std::vector<Datum> interpret_node(const Node& node, std::span<const Datum> inputs, const InterpretOptions& options,
                                  const std::function<Datum(ValueId)>& outer) {
  std::vector<const Datum*> pointers;
  for (const Datum& d : inputs) pointers.push_back(&d);
  return Interpreter(options).node(node, pointers, outer, 0);
}

}  // namespace mo::ops
