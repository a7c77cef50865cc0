// fold: Add(const, const) => const; Shape(x of known shape) => const. Repeated along chains by walking in order.
#include "passes/fold.h"

#include <algorithm>

#include "base/log.h"
#include "ops/op.h"

namespace mo::passes {

namespace {

using graph::NodeId;
using graph::Type;
using graph::ValueId;

class Folder {
 public:
  Folder(Graph& g, const FoldOptions& options) : graph_(g), options_(options) {}

  int run() {
    const std::vector<NodeId> order = graph_.order();
    int folded = 0;
    for (NodeId id : order) folded += visit(id);
    return folded;
  }

  bool visit(NodeId id) {
    const graph::Node& n = graph_.node(id);
    const ops::OpDef* def = ops::find(n.op, n.domain);
    if (!def) return false;
    if (options_.retype) infer(n);
    return wanted(n, *def) && compute(n, *def);
  }

 private:
  void infer(const graph::Node& n) {
    std::vector<Type> in, out(n.outputs.size());
    std::vector<const Tensor*> known;
    for (ValueId v : n.inputs) {
      in.push_back(v == graph::k_none ? Type() : graph_.value(v).type);
      known.push_back(graph_.constant_of(v));
    }
    ops::Infer c(n, in, known, out);
    c.infer_subgraph = [&](const Graph& body, std::span<const Type> types) { return body_types(body, types); };
    ops::infer_node(c);
    for (size_t i = 0; i < n.outputs.size(); ++i)
      if (n.outputs[i] != graph::k_none) graph_.value(n.outputs[i]).type = std::move(out[i]);
  }

  // A branch that does not fit the present shapes may never run: it only makes the result unknown.
  std::vector<Type> body_types(const Graph& body, std::span<const Type> types) {
    std::vector<Type> out(body.outputs.size());
    try {
      Graph copy = body;
      for (size_t i = 0; i < copy.inputs.size() && i < types.size(); ++i) copy.value(copy.inputs[i]).type = types[i];
      bind_captures(copy);
      fold_constants(copy, options_);
      for (size_t i = 0; i < out.size(); ++i) out[i] = copy.value(copy.outputs[i]).type;
    } catch (const Error& e) { log(LogLevel::debug, "inference of a subgraph: ", e.message()); }
    return out;
  }

  void bind_captures(Graph& body) {
    std::vector<graph::Capture> open;
    for (const graph::Capture& c : body.captures) {
      body.value(c.inner).type = graph_.value(c.outer).type;
      if (const Tensor* t = graph_.constant_of(c.outer)) body.value(c.inner).constant = *t;
      else open.push_back(c);
    }
    body.captures = std::move(open);
  }

  bool wanted(const graph::Node& n, const ops::OpDef& def) const {
    if (!def.run || (def.flags & (ops::k_random | ops::k_control_flow))) return false;
    if (!options_.dequantize && n.op == "DequantizeLinear") return false;
    if (!options_.outputs && std::any_of(n.outputs.begin(), n.outputs.end(), [&](ValueId v) { return v != graph::k_none && graph_.is_output(v); }))
      return false;
    if (def.flags & ops::k_shape_only) return !n.inputs.empty() && n.inputs[0] != graph::k_none && graph_.value(n.inputs[0]).type.is_static();
    return std::all_of(n.inputs.begin(), n.inputs.end(), [&](ValueId v) { return v == graph::k_none || graph_.constant_of(v); });
  }

  static int64_t bytes_of(const Type& t) {
    return t.dtype == DType::string ? element_count(t.shape()) * 32 : storage_bytes(t.dtype, element_count(t.shape()));
  }

  bool affordable(const graph::Node& n, int64_t input_bytes) const {
    constexpr int64_t k_unknown_limit = 1 << 20;  // results of unknown size (NonZero ...) grow with their input
    int64_t total = 0;
    for (ValueId v : n.outputs) {
      if (v == graph::k_none) continue;
      const Type& t = graph_.value(v).type;
      if (!t.is_static()) return t.is_tensor() && input_bytes <= k_unknown_limit;
      total += bytes_of(t);
    }
    return total <= input_bytes || (total <= options_.limits.max_bytes && total - input_bytes <= options_.max_growth);
  }

  bool compute(const graph::Node& n, const ops::OpDef& def) {
    std::vector<Datum> in, out(n.outputs.size());
    int64_t input_bytes = 0;
    static char nothing[64];
    for (ValueId v : n.inputs) {
      if (v == graph::k_none) in.emplace_back();
      else if (const Tensor* t = graph_.constant_of(v)) in.emplace_back(*t), input_bytes += t->bytes();
      else in.emplace_back(Tensor::borrow(graph_.value(v).type.dtype, graph_.value(v).type.shape(), nothing));  // only its shape is read
    }
    if (def.flags & ops::k_shape_only) input_bytes = 0;
    try {
      if (!affordable(n, input_bytes)) return false;
      std::vector<const Datum*> pointers;
      for (const Datum& d : in) pointers.push_back(&d);
      ops::Run c(n, pointers, out);
      ops::run_node(c);
    } catch (const Error& e) {
      log(LogLevel::debug, "folding: ", e.message());
      return false;
    }
    for (size_t i = 0; i < out.size(); ++i)
      if (n.outputs[i] != graph::k_none && !out[i].is_tensor()) return false;
    NodeId id = producer(n);
    std::vector<ValueId> outputs = n.outputs;
    if (!options_.keep) graph_.remove_node(id);
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] == graph::k_none) continue;
      graph::Value& v = graph_.value(outputs[i]);
      v.constant = out[i].tensor;
      v.type = Type::tensor(v.constant.dtype(), v.constant.shape());
    }
    return true;
  }

  NodeId producer(const graph::Node& n) const {
    for (ValueId v : n.outputs)
      if (v != graph::k_none) return graph_.value(v).producer;
    fail(Code::internal, "node '", printable(n.name), "' has no outputs");
  }

  Graph& graph_;
  const FoldOptions& options_;
};

bool run_fold(Graph& g) {
  FoldOptions options;
  options.max_growth = 64 << 10;  // the graph may be saved: Expand of a scalar shall not fill the file
  return fold_constants(g, options) > 0;
}

}  // namespace

int fold_constants(Graph& g, const FoldOptions& options) { return Folder(g, options).run(); }

bool fold_node(Graph& g, NodeId id, const FoldOptions& options) { return Folder(g, options).visit(id); }

extern const Pass fold;
const Pass fold{"fold", Stage::simplify, run_fold};

}  // namespace mo::passes
