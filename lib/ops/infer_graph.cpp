// Inference over a whole graph in order, with the contents of small integer values followed where they are known.
#include "ops/op.h"

namespace mo::ops {

namespace {

using graph::ValueId;

// Keeps what was known before (from the file) where inference says less.
Type merge(const Type& declared, Type inferred) {
  if (inferred.kind == Type::Kind::unknown) return declared;
  if (declared.kind != inferred.kind) return inferred;
  if (inferred.dtype == DType::undefined) inferred.dtype = declared.dtype;
  if (!inferred.ranked && declared.ranked) {
    inferred.ranked = true;
    inferred.dims = declared.dims;
  } else if (inferred.ranked && declared.ranked && inferred.dims.size() == declared.dims.size()) {
    for (size_t i = 0; i < inferred.dims.size(); ++i)
      if (!inferred.dims[i].known() && (declared.dims[i].known() || inferred.dims[i].symbol.empty())) inferred.dims[i] = declared.dims[i];
  }
  if (!inferred.element) inferred.element = declared.element;
  return inferred;
}

class Walk {
 public:
  explicit Walk(Graph& g) : graph_(g), contents_(static_cast<size_t>(g.value_count())) {}

  void run() {
    for (graph::NodeId id : graph_.order()) visit(graph_.node(id));
  }

 private:
  const Tensor* known(ValueId v) const {
    if (const Tensor* t = graph_.constant_of(v)) return t;
    return v != graph::k_none && contents_[static_cast<size_t>(v)] ? &contents_[static_cast<size_t>(v)] : nullptr;
  }

  void visit(const Node& n) {
    if (!find(n.op, n.domain)) return;  // unknown operators leave their outputs unknown
    std::vector<Type> in, out(n.outputs.size());
    std::vector<const Tensor*> contents;
    for (ValueId v : n.inputs) {
      in.push_back(v == graph::k_none ? Type() : graph_.value(v).type);
      contents.push_back(known(v));
    }
    Infer c(n, in, contents, out);
    c.infer_subgraph = [&](const Graph& body, std::span<const Type> types) {
      return n.op == "If" ? branch_types(body, types) : body_types(body, types);
    };
    infer_node(c);
    for (size_t i = 0; i < n.outputs.size(); ++i) {
      if (n.outputs[i] == graph::k_none) continue;
      graph::Value& v = graph_.value(n.outputs[i]);
      v.type = merge(v.type, std::move(out[i]));
    }
    follow_contents(n);
  }

  // A branch that does not fit the present shapes may never run: its results are only unknown.
  std::vector<Type> branch_types(const Graph& body, std::span<const Type> types) {
    try {
      return body_types(body, types);
    } catch (const Error&) { return std::vector<Type>(body.outputs.size()); }
  }

  std::vector<Type> body_types(const Graph& body, std::span<const Type> types) {
    Graph copy = body;
    for (size_t i = 0; i < copy.inputs.size() && i < types.size(); ++i) {
      Type& t = copy.value(copy.inputs[i]).type;
      if (types[i].kind != Type::Kind::unknown) t = types[i];
    }
    for (const graph::Capture& c : copy.captures) copy.value(c.inner).type = graph_.value(c.outer).type;
    infer_graph(copy);
    std::vector<Type> out;
    for (ValueId v : copy.outputs) out.push_back(copy.value(v).type);
    return out;
  }

  // Shape arithmetic: small integer results whose inputs are all known are computed, so that Reshape and friends see their targets.
  void follow_contents(const Node& n) {
    constexpr int64_t k_small = 1024;
    if (n.outputs.size() != 1 || n.outputs[0] == graph::k_none) return;
    const OpDef& def = get(n);
    if (!def.run || (def.flags & (k_random | k_control_flow))) return;
    const Type& type = graph_.value(n.outputs[0]).type;
    if (!type.is_static() || !(is_integer(type.dtype) || type.dtype == DType::boolean) || element_count(type.shape()) > k_small) return;
    if (def.flags & k_shape_only) {
      if (n.inputs.empty() || n.inputs[0] == graph::k_none) return;
      const Type& in = graph_.value(n.inputs[0]).type;
      if (!in.is_static()) return;
    }
    std::vector<Datum> in;
    for (ValueId v : n.inputs) {
      if (v == graph::k_none) {
        in.emplace_back();
        continue;
      }
      if (def.flags & k_shape_only) {  // contents do not matter: a tensor of the right shape without memory of its own
        const Type& t = graph_.value(v).type;
        static char nothing;
        in.emplace_back(Tensor::borrow(t.dtype, t.shape(), &nothing));
        continue;
      }
      const Tensor* t = known(v);
      if (!t || t->size() > k_small) return;
      in.emplace_back(*t);
    }
    std::vector<const Datum*> pointers;
    for (const Datum& d : in) pointers.push_back(&d);
    std::vector<Datum> out(1);
    Run c(n, pointers, out);
    try {
      run_node(c);
    } catch (const Error&) {
      return;  // it will object when it runs, if it runs
    }
    if (out[0].is_tensor()) contents_[static_cast<size_t>(n.outputs[0])] = out[0].tensor;
  }

  Graph& graph_;
  std::vector<Tensor> contents_;
};

}  // namespace

void infer_graph(Graph& g) { Walk(g).run(); }

}  // namespace mo::ops
