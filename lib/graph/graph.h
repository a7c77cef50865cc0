// Graph: nodes and values by integer id. Knows structure and types, not what an operator means.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace mo::graph {

using NodeId = int32_t;
using ValueId = int32_t;
inline constexpr int32_t k_none = -1;  // an omitted optional input or output

// One axis: a known size, or unknown with an optional symbol ("batch").
struct Dim {
  int64_t size = -1;
  std::string symbol;
  bool known() const { return size >= 0; }
  bool operator==(const Dim&) const = default;
};

// The static type of a value. Unknown parts stay unknown: dtype undefined, no rank, dim -1.
struct Type {
  enum class Kind : uint8_t { unknown, tensor, sequence, optional, map, sparse };
  Kind kind = Kind::unknown;
  DType dtype = DType::undefined;  // of tensors and sparse tensors; of a map: its key
  bool ranked = false;
  std::vector<Dim> dims;
  std::shared_ptr<const Type> element;  // of sequence, optional, map value

  static Type tensor(DType dtype) { return {Kind::tensor, dtype, false, {}, nullptr}; }
  static Type tensor(DType dtype, std::span<const int64_t> shape);
  static Type sequence_of(Type element);
  static Type optional_of(Type element);
  bool is_tensor() const { return kind == Kind::tensor; }
  bool is_static() const;  // a tensor with dtype, rank and every dim known
  Shape shape() const;     // of a static type
  int64_t rank() const { return ranked ? static_cast<int64_t>(dims.size()) : -1; }
  bool operator==(const Type& other) const;
};
std::string describe(const Type& type);  // "float32[batch, 3, ?, 224]"

class Graph;
using GraphPtr = std::shared_ptr<const Graph>;  // subgraphs are shared and replaced, never changed in place

using AttrValue = std::variant<int64_t, float, std::string, Tensor, GraphPtr, std::vector<int64_t>, std::vector<float>, std::vector<std::string>,
                               std::vector<Tensor>, std::vector<GraphPtr>, Type, std::vector<Type>>;

struct Node {
  std::string op{}, domain{};  // domain "" is ai.onnx; "mo" holds libmo's own plan-time operators
  std::string name{}, doc{};
  std::vector<ValueId> inputs{}, outputs{};  // k_none where omitted
  std::vector<std::pair<std::string, AttrValue>> attributes{};
  std::vector<std::pair<std::string, std::string>> metadata{};

  const AttrValue* find(std::string_view attribute) const;
  bool has(std::string_view attribute) const { return find(attribute) != nullptr; }
  void set(std::string_view attribute, AttrValue value);
  void erase(std::string_view attribute);
  // Typed access; throws Code::format when the attribute exists with another type.
  int64_t i(std::string_view attribute, int64_t fallback) const;
  float f(std::string_view attribute, float fallback) const;
  std::string s(std::string_view attribute, std::string_view fallback) const;
  std::vector<int64_t> ints(std::string_view attribute, std::vector<int64_t> fallback = {}) const;
  std::vector<float> floats(std::string_view attribute, std::vector<float> fallback = {}) const;
  std::vector<std::string> strings(std::string_view attribute) const;
  const Tensor* tensor(std::string_view attribute) const;      // null when absent
  const GraphPtr* subgraph(std::string_view attribute) const;  // null when absent
  bool is(std::string_view op_name, std::string_view op_domain = "") const { return op == op_name && domain == op_domain; }
  ValueId input(size_t index) const { return index < inputs.size() ? inputs[index] : k_none; }
  ValueId output(size_t index) const { return index < outputs.size() ? outputs[index] : k_none; }
};

struct Value {
  std::string name;
  Type type;
  NodeId producer = k_none;   // k_none: input, initializer or capture
  Tensor constant;            // initializer contents; empty when not an initializer
  std::vector<NodeId> users;  // one entry per use as a node's input or capture; kept by Graph
  std::string doc;
  bool is_constant() const { return !constant.empty(); }
};

// An outer-scope value used inside a subgraph: `inner` in the subgraph stands for `outer` in the enclosing graph.
struct Capture {
  ValueId outer, inner;
};

class Graph {
 public:
  std::string name, doc;
  std::vector<std::pair<std::string, std::string>> metadata;

  // --- values
  ValueId add_value(std::string value_name, Type type = {});  // name made unique when taken or empty
  ValueId add_constant(std::string value_name, Tensor contents);
  Value& value(ValueId id);
  const Value& value(ValueId id) const;
  int32_t value_count() const { return static_cast<int32_t>(values_.size()); }  // ids are 0..count-1, some may be dead
  ValueId find_value(std::string_view value_name) const;                        // k_none when absent
  std::string unique_name(std::string_view stem) const;
  void rename_value(ValueId id, std::string value_name);

  // --- nodes
  NodeId add_node(Node node);                     // appended; outputs must be values without producer
  NodeId insert_before(NodeId place, Node node);  // position in order() before `place`
  void remove_node(NodeId id);                    // its outputs lose their producer
  bool alive(NodeId id) const { return id >= 0 && id < static_cast<NodeId>(nodes_.size()) && alive_[id]; }
  const Node& node(NodeId id) const;
  Node& edit(NodeId id);                                   // attributes, name, op; use the setters below for edges
  void set_input(NodeId id, size_t index, ValueId value);  // grows the list when needed
  void set_output(NodeId id, size_t index, ValueId value);
  void resize_inputs(NodeId id, size_t count);
  const std::vector<NodeId>& order() const { return order_; }  // live nodes, producers before users
  size_t node_count() const { return order_.size(); }
  void sort();  // restores topological order, stable; throws Code::format on a cycle

  // --- edges
  std::vector<ValueId> inputs, outputs;         // of the graph; an input may also be a constant (a default)
  std::vector<Capture> captures;                // only in subgraphs
  void replace_uses(ValueId from, ValueId to);  // in nodes, subgraph captures and graph outputs
  bool is_input(ValueId id) const;
  bool is_output(ValueId id) const;
  // Number of readers, graph outputs counted.
  int use_count(ValueId id) const;
  // The one node that reads `id`, k_none when it is an output or has none or several readers.
  NodeId sole_user(ValueId id) const;
  // The producer of `id` when it is `op`, else k_none.
  NodeId producer_if(ValueId id, std::string_view op, std::string_view domain = "") const;
  const Tensor* constant_of(ValueId id) const;  // null when k_none or not constant

  // Replaces the subgraph under `attribute` (and keeps the users of captured values right).
  void set_subgraph(NodeId id, std::string_view attribute, std::shared_ptr<const Graph> subgraph);

  int remove_dead();    // nodes that reach no output, unused constants; returns how many nodes went
  void verify() const;  // throws Code::internal / Code::format: dangling ids, duplicate names, two producers, order

 private:
  void link(NodeId id, int direction);  // adds (+1) or removes (-1) this node's uses
  std::deque<Node> nodes_;              // deques: references stay good while others are added
  std::vector<char> alive_;
  std::vector<NodeId> order_;
  std::deque<Value> values_;
  std::map<std::string, ValueId, std::less<>> by_name_;
};

// Every subgraph of a node, with the attribute it hangs under.
std::vector<std::pair<std::string, GraphPtr>> subgraphs(const Node& node);

// A whole model: the graph and what the file says about itself.
struct Model {
  Graph graph;
  int64_t ir_version = 0;                               // as read
  std::vector<std::pair<std::string, int64_t>> opsets;  // as read: domain -> version
  std::string producer_name, producer_version, domain, doc;
  int64_t model_version = 0;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// A readable text of the graph and its reader, for tests of passes and for debugging:
//   (float32[1, 4] x) -> (y) { w = const float32[4] {1, 2, 3, 4}; t = Relu(x); y = Add(t, w) }
// Node attributes: Conv<strides=[1, 1], group=2>(x, w). Omitted inputs: _. Names of nodes: "n1: y = Relu(x)".
std::string print(const Graph& graph);
Graph parse(std::string_view text);

}  // namespace mo::graph
