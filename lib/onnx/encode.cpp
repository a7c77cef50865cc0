// The encoder: names, value types, nodes, subgraphs. Names of a subgraph that hide outer ones are changed, captures take the outer name.
#include "onnx/encode.h"

#include "base/error.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/tensor_codec.h"
#include "onnx/type_codec.h"

namespace mo::onnx {

using graph::AttrValue;
using graph::Graph;
using graph::GraphPtr;
using graph::k_none;
using graph::Node;
using graph::Type;
using graph::ValueId;

namespace {

using ::onnx::AttributeProto;

// The written names of one graph, and of those around it.
struct Names {
  const Names* outer = nullptr;
  std::vector<std::string> of;  // by value id
  std::unordered_set<std::string> used;
  bool taken(const std::string& name) const {
    for (const Names* n = this; n; n = n->outer)
      if (n->used.contains(name)) return true;
    return false;
  }
};

template <class Entries>
void put_pairs(const std::vector<std::pair<std::string, std::string>>& pairs, Entries* entries) {
  for (const auto& [key, value] : pairs) {
    auto* e = entries->Add();
    e->set_key(key);
    e->set_value(value);
  }
}

class Encoder {
 public:
  explicit Encoder(const WriteOptions& options) : options_(options) {}

  std::vector<Initializer> graph(const Graph& g, const Names* outer, ::onnx::GraphProto& p) {
    Names names = choose_names(g, outer);
    p.set_name(g.name.empty() ? "graph" : g.name);
    if (!g.doc.empty()) p.set_doc_string(g.doc);
    put_pairs(g.metadata, p.mutable_metadata_props());
    for (ValueId v : g.inputs) value_info(g.value(v), names.of[static_cast<size_t>(v)], *p.add_input());
    std::vector<Initializer> constants;
    for (ValueId v = 0; v < g.value_count(); ++v)
      if (g.value(v).is_constant()) constants.push_back({names.of[static_cast<size_t>(v)], &g.value(v).constant});
    std::unordered_set<std::string> node_names;
    for (graph::NodeId id : g.order()) node(g.node(id), names, node_names, *p.add_node());
    outputs(g, names, p);
    if (options_.value_types) inner_types(g, names, p);
    return constants;
  }

 private:
  static Names choose_names(const Graph& g, const Names* outer) {
    Names names;
    names.outer = outer;
    names.of.resize(static_cast<size_t>(g.value_count()));
    for (const graph::Capture& c : g.captures) {
      MO_ASSERT(outer != nullptr);
      names.of[static_cast<size_t>(c.inner)] = outer->of[static_cast<size_t>(c.outer)];
    }
    std::vector<ValueId> clashes;
    for (ValueId v = 0; v < g.value_count(); ++v) {
      std::string& name = names.of[static_cast<size_t>(v)];
      if (!name.empty()) continue;
      const std::string& own = g.value(v).name;
      if (names.taken(own)) {
        clashes.push_back(v);
        continue;
      }
      name = own;
      names.used.insert(own);
    }
    for (ValueId v : clashes) {
      std::string& name = names.of[static_cast<size_t>(v)];
      for (int64_t k = 1; name.empty() || names.taken(name); ++k) name = text(g.value(v).name, "_in", k);
      names.used.insert(name);
    }
    return names;
  }

  static void value_info(const graph::Value& v, const std::string& name, ::onnx::ValueInfoProto& p) {
    p.set_name(name);
    if (v.type.kind != Type::Kind::unknown) encode_type(v.type, *p.mutable_type());
    if (!v.doc.empty()) p.set_doc_string(v.doc);
  }

  // An outer value handed on as it is gets a node of its own: runtimes want a subgraph's outputs made inside of it.
  static void outputs(const Graph& g, Names& names, ::onnx::GraphProto& p) {
    std::vector<char> captured(static_cast<size_t>(g.value_count()), 0);
    for (const graph::Capture& c : g.captures) captured[static_cast<size_t>(c.inner)] = 1;
    for (ValueId v : g.outputs) {
      std::string name = names.of[static_cast<size_t>(v)];
      if (captured[static_cast<size_t>(v)]) {
        std::string from = name;
        for (int64_t k = 0; names.taken(name); ++k) name = text(from, "_out", k);
        names.used.insert(name);
        auto* same = p.add_node();
        same->set_op_type("Identity");
        same->add_input(from);
        same->add_output(name);
      }
      value_info(g.value(v), name, *p.add_output());
    }
  }

  static void inner_types(const Graph& g, const Names& names, ::onnx::GraphProto& p) {
    std::vector<char> boundary(static_cast<size_t>(g.value_count()), 0);
    for (ValueId v : g.outputs) boundary[static_cast<size_t>(v)] = 1;
    for (graph::NodeId id : g.order())
      for (ValueId v : g.node(id).outputs) {
        if (v == k_none || boundary[static_cast<size_t>(v)]) continue;
        const graph::Value& value = g.value(v);
        bool known = value.type.kind != Type::Kind::unknown && !(value.type.is_tensor() && value.type.dtype == DType::undefined);
        if (known || !value.doc.empty()) value_info(value, names.of[static_cast<size_t>(v)], *p.add_value_info());
      }
  }

  // Runtimes refuse two nodes of one name (no name is fine).
  static std::string unique(const std::string& name, std::unordered_set<std::string>& used) {
    std::string candidate = name;
    for (int64_t k = 1; !used.insert(candidate).second; ++k) candidate = text(name, "_", k);
    return candidate;
  }

  void node(const Node& n, const Names& names, std::unordered_set<std::string>& node_names, ::onnx::NodeProto& p) {
    check(options_.control);
    auto name_of = [&](ValueId v) { return v == k_none ? std::string() : names.of[static_cast<size_t>(v)]; };
    size_t given = n.inputs.size();
    while (given > 0 && n.inputs[given - 1] == k_none) --given;
    for (size_t i = 0; i < given; ++i) p.add_input(name_of(n.inputs[i]));
    for (ValueId v : n.outputs) p.add_output(name_of(v));
    if (!n.name.empty()) p.set_name(unique(n.name, node_names));
    p.set_op_type(n.op);
    if (!n.domain.empty()) p.set_domain(n.domain);
    if (!n.doc.empty()) p.set_doc_string(n.doc);
    put_pairs(n.metadata, p.mutable_metadata_props());
    for (const auto& [key, value] : n.attributes) {
      auto* a = p.add_attribute();
      a->set_name(key);
      std::visit([&](const auto& v) { attribute(v, names, *a); }, value);
    }
  }

  void subgraph(const Graph& g, const Names& names, ::onnx::GraphProto& p) {
    for (const Initializer& i : graph(g, &names, p)) {
      auto* t = p.add_initializer();
      encode_whole(*i.tensor, *t);
      t->set_name(i.name);
    }
  }

  void attribute(int64_t v, const Names&, AttributeProto& a) { a.set_type(AttributeProto::INT), a.set_i(v); }
  void attribute(float v, const Names&, AttributeProto& a) { a.set_type(AttributeProto::FLOAT), a.set_f(v); }
  void attribute(const std::string& v, const Names&, AttributeProto& a) { a.set_type(AttributeProto::STRING), a.set_s(v); }
  void attribute(const Tensor& v, const Names&, AttributeProto& a) { a.set_type(AttributeProto::TENSOR), encode_whole(v, *a.mutable_t()); }
  void attribute(const GraphPtr& v, const Names& names, AttributeProto& a) { a.set_type(AttributeProto::GRAPH), subgraph(*v, names, *a.mutable_g()); }
  void attribute(const Type& v, const Names&, AttributeProto& a) { a.set_type(AttributeProto::TYPE_PROTO), encode_type(v, *a.mutable_tp()); }
  void attribute(const std::vector<int64_t>& v, const Names&, AttributeProto& a) {
    a.set_type(AttributeProto::INTS);
    for (int64_t x : v) a.add_ints(x);
  }
  void attribute(const std::vector<float>& v, const Names&, AttributeProto& a) {
    a.set_type(AttributeProto::FLOATS);
    for (float x : v) a.add_floats(x);
  }
  void attribute(const std::vector<std::string>& v, const Names&, AttributeProto& a) {
    a.set_type(AttributeProto::STRINGS);
    for (const std::string& x : v) a.add_strings(x);
  }
  void attribute(const std::vector<Tensor>& v, const Names&, AttributeProto& a) {
    a.set_type(AttributeProto::TENSORS);
    for (const Tensor& x : v) encode_whole(x, *a.add_tensors());
  }
  void attribute(const std::vector<GraphPtr>& v, const Names& names, AttributeProto& a) {
    a.set_type(AttributeProto::GRAPHS);
    for (const GraphPtr& x : v) subgraph(*x, names, *a.add_graphs());
  }
  void attribute(const std::vector<Type>& v, const Names&, AttributeProto& a) {
    a.set_type(AttributeProto::TYPE_PROTOS);
    for (const Type& x : v) encode_type(x, *a.add_type_protos());
  }

  const WriteOptions& options_;
};

}  // namespace

std::vector<Initializer> encode_main_graph(const Graph& g, const WriteOptions& options, ::onnx::GraphProto& proto) {
  return Encoder(options).graph(g, nullptr, proto);
}

}  // namespace mo::onnx
