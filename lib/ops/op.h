// What an operator is: its inference, reference kernel, gradient, axis coupling and cost, behind one table.
#pragma once
#include <functional>
#include <optional>

#include "base/control.h"
#include "graph/graph.h"
#include "tensor/datum.h"

namespace mo {
class Random;
}

namespace mo::ops {

using graph::Dim;
using graph::Graph;
using graph::Node;
using graph::Type;

// Shape and type inference of one node. Input types may be partly unknown; say what follows, leave the rest unknown.
// Contradictions throw Code::shape or Code::type. The caller adds the node's name.
class Infer {
 public:
  const Node& node;
  Infer(const Node& n, std::span<const Type> in, std::span<const Tensor* const> known, std::span<Type> out)
      : node(n), inputs_(in), known_(known), outputs_(out) {}

  size_t inputs() const { return inputs_.size(); }
  size_t outputs() const { return outputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && node.input(i) != graph::k_none; }
  const Type& input(size_t i) const;  // throws when absent
  DType dtype(size_t i = 0) const { return has(i) ? input(i).dtype : DType::undefined; }
  int64_t rank(size_t i = 0) const { return has(i) ? input(i).rank() : -1; }
  const Tensor* known(size_t i) const { return has(i) && i < known_.size() ? known_[i] : nullptr; }  // contents, when known before running
  std::optional<std::vector<int64_t>> known_ints(size_t i) const;
  Type& output(size_t i = 0);  // writes to an omitted output are ignored
  bool wants(size_t i) const { return node.output(i) != graph::k_none; }
  void set(size_t i, DType dtype, std::vector<Dim> dims);
  void set_unranked(size_t i, DType dtype) { output(i) = Type::tensor(dtype); }

  // Types of a subgraph's outputs given the types of its inputs (captures are resolved by the caller).
  std::function<std::vector<Type>(const Graph&, std::span<const Type>)> infer_subgraph;

 private:
  std::span<const Type> inputs_;
  std::span<const Tensor* const> known_;
  std::span<Type> outputs_;
};

// One execution of one node by its reference kernel. Shapes are the real ones; the kernel validates them and makes its outputs.
class Run {
 public:
  const Node& node;
  Run(const Node& n, std::span<const Datum* const> in, std::span<Datum> out) : node(n), inputs_(in), outputs_(out) {}

  size_t inputs() const { return inputs_.size(); }
  size_t outputs() const { return outputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr && !inputs_[i]->is_none(); }
  const Datum& datum(size_t i) const;  // throws when absent
  const Tensor& in(size_t i) const;    // throws when absent or not a tensor
  const Tensor* in_or_null(size_t i) const { return has(i) ? &in(i) : nullptr; }
  DType dtype(size_t i = 0) const { return in(i).dtype(); }
  bool wants(size_t i) const { return node.output(i) != graph::k_none && i < outputs_.size(); }
  // The output to fill: planned memory when it fits, else fresh memory. Not initialised.
  Tensor& out(size_t i, DType dtype, const Shape& shape);
  void out(size_t i, Datum datum);  // for outputs that share storage (Identity, Reshape) or are sequences

  int threads = 1;
  Random* random = nullptr;    // the session's stream, for random operators without a `seed`
  Control* control = nullptr;  // loops check it
  // Runs a subgraph of this node; `inputs` in the order of its inputs, captures are supplied by the caller.
  std::function<std::vector<Datum>(const Graph& body, std::span<const Datum> inputs)> run_subgraph;

 private:
  std::span<const Datum* const> inputs_;
  std::span<Datum> outputs_;
};

// What one run of a node costs. macs: multiply-accumulates; flops: other arithmetic; bytes: inputs read + outputs written.
struct Cost {
  int64_t macs = 0, flops = 0, bytes = 0;
};
class CostQuery {
 public:
  const Node& node;
  std::span<const Type> inputs, outputs;  // static types
};

// Slots of later work: gradients build nodes (autograd/), axis coupling feeds pruning (prune/).
class GradBuilder;
class AxisCoupling;

enum Flag : uint32_t {
  k_pure = 0,
  k_random = 1,        // results differ from call to call: never folded
  k_elementwise = 2,   // output element depends on the inputs' elements at the (broadcast) same position only
  k_shape_only = 4,    // reads shapes, not contents, of input 0 (Shape, Size)
  k_control_flow = 8,  // owns subgraphs
  k_movement = 16,     // moves elements of input 0 unchanged (Reshape, Transpose, Slice, Gather, Concat ...)
  k_shares = 32,       // output 0 may share input 0's storage (Identity, Reshape, Squeeze ...)
};

struct OpDef {
  const char* name;
  const char* domain = "";
  int min_inputs = 0, max_inputs = 0;    // max -1: variadic
  int min_outputs = 1, max_outputs = 1;  // max -1: variadic
  void (*infer)(Infer&) = nullptr;
  void (*run)(Run&) = nullptr;
  void (*grad)(GradBuilder&) = nullptr;      // empty: no gradient yet
  void (*couple)(AxisCoupling&) = nullptr;   // empty: freezes its axes
  Cost (*cost)(const CostQuery&) = nullptr;  // empty: bytes only
  uint32_t flags = 0;
  // Lowest opset whose definition equals this form (the newest one) for this node; the writer takes the largest over all nodes.
  int since = 7;
  int (*since_of)(const Node&, std::span<const Type> inputs) = nullptr;  // when it depends on attributes or dtypes
};

const OpDef* find(std::string_view op, std::string_view domain);  // null when unknown
const OpDef& get(const Node& node);                               // throws Code::unsupported naming node and op
std::span<const OpDef* const> all();                              // in the order of ops.inc

// Runs arity checks, then infer; fills output types. Adds node and op to any error.
void infer_node(Infer& context);
// Runs the reference kernel; adds node and op to any error.
void run_node(Run& context);

// Inference over a graph in order: fills Value::type everywhere it follows, keeping what the file declared where inference says less.
void infer_graph(Graph& g);

Cost cost_of(const Node& node, std::span<const Type> inputs, std::span<const Type> outputs);

// --- helpers shared by op files
int64_t normal_axis(int64_t axis, int64_t rank);                          // -1 -> rank-1; throws Code::shape outside
Shape broadcast(std::span<const int64_t> a, std::span<const int64_t> b);  // numpy rules; throws Code::shape
std::vector<Dim> broadcast_dims(const std::vector<Dim>& a, const std::vector<Dim>& b);
Dim known_dim(int64_t size);
// The permutation of a Transpose node (reversed axes when it has none); throws Code::shape when `perm` is not one of 0..rank-1.
std::vector<int64_t> transpose_axes(const Node& node, int64_t rank);

}  // namespace mo::ops
