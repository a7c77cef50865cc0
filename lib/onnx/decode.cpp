// The decoder. A graph is declared first (inputs, initializers, all node outputs), so nodes may come in any order; then nodes are made.
#include "onnx/decode.h"

#include <algorithm>

#include "base/error.h"
#include "onnx/legalize/legalize.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/scope.h"
#include "onnx/type_codec.h"
#include "ops/op.h"

namespace mo::onnx {

using graph::AttrValue;
using graph::Graph;
using graph::GraphPtr;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::Type;
using graph::ValueId;

namespace {

using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;

constexpr size_t k_most_pending = 20000;  // beyond it nodes take the form that needs no types

std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? std::string() : domain; }

template <class Entries>
std::vector<std::pair<std::string, std::string>> pairs(const Entries& entries) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& e : entries) out.emplace_back(e.key(), e.value());
  return out;
}

class Decoder {
 public:
  Decoder(const ::onnx::ModelProto& proto, TensorDecoder& tensors, const ReadOptions& options)
      : proto_(proto), tensors_(tensors), options_(options), functions_(proto, options.limits) {}

  graph::Model run() {
    graph::Model m;
    m.ir_version = proto_.ir_version();
    m.producer_name = proto_.producer_name();
    m.producer_version = proto_.producer_version();
    m.domain = proto_.domain();
    m.doc = proto_.doc_string();
    m.model_version = proto_.model_version();
    m.metadata = pairs(proto_.metadata_props());
    require(proto_.has_graph(), Code::format, "not a valid ONNX model: it has no graph");
    OpsetMap versions = read_versions(proto_.opset_import());
    for (const auto& o : proto_.opset_import()) m.opsets.emplace_back(plain_domain(o.domain()), o.version());
    std::vector<std::pair<NodeId, int64_t>> pending;
    Scope scope;
    scope.graph = &m.graph;
    scope.versions = &versions;
    scope.pending = &pending;
    fill_graph(proto_.graph(), scope);
    if (!pending.empty()) {
      infer_quietly(m.graph);
      upgrade_later(m.graph, pending);
    }
    m.graph.verify();
    return m;
  }

 private:
  template <class Imports>
  OpsetMap read_versions(const Imports& imports) {
    OpsetMap versions;
    for (const auto& o : imports) {
      std::string domain = plain_domain(o.domain());
      require(o.version() >= 1, Code::format, "opset ", o.version(), " of domain '", printable(domain), "'");
      require(versions.emplace(domain, o.version()).second, Code::format, "opset of domain '", printable(domain), "' is imported twice");
    }
    return versions;
  }

  static void infer_quietly(Graph& g) {
    try {
      ops::infer_graph(g);
    } catch (const Error&) {
      // Types stay unknown where inference stopped; whoever runs the model meets the error with its node's name.
    }
  }

  void check_name(const std::string& name, const char* what) {
    require(static_cast<int64_t>(name.size()) <= options_.limits.name_bytes, Code::limit, what, " name of ", name.size(), " bytes, the limit is ",
            options_.limits.name_bytes);
  }

  // --- graphs

  ValueId declare(Scope& scope, const std::string& name, const char* what) {
    check_name(name, what);
    require(!name.empty(), Code::format, what, " without a name");
    auto [it, fresh] = scope.names.try_emplace(name, k_none);
    require(fresh, Code::format, "value '", printable(name), "' is defined twice");
    return it->second = scope.graph->add_value(name);
  }

  void fill_graph(const GraphProto& p, Scope& scope) {
    Graph& g = *scope.graph;
    g.name = p.name();
    g.doc = p.doc_string();
    g.metadata = pairs(p.metadata_props());
    declare_inputs(p, scope);
    declare_initializers(p, scope);
    for (const NodeProto& n : p.node())
      for (const std::string& name : n.output())
        if (!name.empty()) declare(scope, name, "output");
    for (const auto& info : p.value_info()) give_type(info, scope);
    for (const auto& info : p.output()) give_type(info, scope);
    add_nodes(p.node(), scope);
    for (const auto& out : p.output()) {
      ValueId v = resolve(scope, out.name());
      require(v >= 0, Code::format, "output '", printable(out.name()), "' is not defined");
      g.outputs.push_back(v);
    }
    g.sort();
  }

  void declare_inputs(const GraphProto& p, Scope& scope) {
    for (const auto& in : p.input()) {
      ValueId v = declare(scope, in.name(), "input");
      graph::Value& value = scope.graph->value(v);
      if (in.has_type()) value.type = named_type(in);
      value.doc = in.doc_string();
      scope.graph->inputs.push_back(v);
    }
  }

  void declare_initializers(const GraphProto& p, Scope& scope) {
    for (const auto& t : p.initializer()) initialize(scope, t.name(), tensors_.dense(t));
    for (const auto& s : p.sparse_initializer()) initialize(scope, s.values().name(), tensors_.sparse(s));
  }

  void initialize(Scope& scope, const std::string& name, Tensor contents) {
    Graph& g = *scope.graph;
    if (auto it = scope.names.find(name); it != scope.names.end()) {
      // IR 3 lists initializers among the inputs: they are defaults that a caller may replace. A subgraph's inputs always get a value.
      require(!scope.parent, Code::format, "subgraph input '", printable(name), "' is also an initializer");
      graph::Value& v = g.value(it->second);
      require(g.is_input(it->second) && !v.is_constant(), Code::format, "initializer '", printable(name), "' is defined twice");
      if (v.type.kind == Type::Kind::unknown) v.type = Type::tensor(contents.dtype(), contents.shape());
      require(v.type.is_tensor() && (v.type.dtype == contents.dtype() || v.type.dtype == DType::undefined), Code::type, "initializer '",
              printable(name), "' is ", mo::name(contents.dtype()), ", the input of that name is ", describe(v.type));
      v.type.dtype = contents.dtype();
      v.constant = std::move(contents);
      return;
    }
    ValueId v = declare(scope, name, "initializer");
    graph::Value& value = g.value(v);
    value.type = Type::tensor(contents.dtype(), contents.shape());
    value.constant = std::move(contents);
  }

  Type named_type(const ::onnx::ValueInfoProto& info) {
    try {
      return decode_type(info.type());
    } catch (const Error& e) { fail(e.code(), "value '", printable(info.name()), "': ", e.message()); }
  }

  void give_type(const ::onnx::ValueInfoProto& info, Scope& scope) {
    auto it = scope.names.find(info.name());
    if (it == scope.names.end()) return;
    graph::Value& v = scope.graph->value(it->second);
    if (info.has_type() && v.type.kind == Type::Kind::unknown) v.type = named_type(info);
    if (info.has_doc_string()) v.doc = info.doc_string();
  }

  // --- nodes

  template <class Nodes>
  void add_nodes(const Nodes& nodes, Scope& scope) {
    for (const NodeProto& n : nodes) {
      check(options_.control);
      try {
        add_node(n, scope);
      } catch (Error& e) {
        e.at(printable(n.name()), printable(n.op_type()));
        throw;
      }
    }
  }

  void add_node(const NodeProto& p, Scope& scope) {
    check_name(p.op_type(), "operator");
    check_name(p.name(), "node");
    require(!p.op_type().empty(), Code::format, "node without an operator");
    if (const FunctionProto* f = functions_.find(p)) return call(*f, p, scope);
    Node n;
    n.op = p.op_type();
    n.domain = plain_domain(p.domain());
    require(n.domain != "mo", Code::unsupported, "operators of domain 'mo' do not belong into files");
    n.name = scope.prefix.empty() ? p.name() : text(scope.prefix, p.name().empty() ? p.op_type() : p.name());
    n.doc = p.doc_string();
    n.metadata = pairs(p.metadata_props());
    n.inputs = inputs(p, scope);
    for (const std::string& name : p.output()) n.outputs.push_back(name.empty() ? k_none : scope.names.at(name));
    n.attributes = attributes(p, scope);
    if (n.is("Constant")) return add_constant(n, p, scope);
    emplace(std::move(n), scope);
  }

  std::vector<ValueId> inputs(const NodeProto& p, Scope& scope) {
    std::vector<ValueId> ids;
    for (const std::string& name : p.input()) {
      ValueId v = name.empty() ? k_none : resolve(scope, name);
      require(name.empty() || v != k_none, Code::format, "input '", printable(name), "' is not defined");
      ids.push_back(v == k_absent ? k_none : v);
    }
    while (!ids.empty() && ids.back() == k_none) ids.pop_back();
    return ids;
  }

  void emplace(Node n, Scope& scope) {
    Graph& g = *scope.graph;
    int64_t version = 0;
    if (auto it = scope.versions->find(n.domain); it != scope.versions->end()) version = it->second;
    else require(!n.domain.empty() || scope.function || !options_.legalize, Code::format, "the model imports no opset for the standard operators");
    bool done = true;
    std::vector<Node> helpers;
    if (options_.legalize) done = upgrade_now(g, n, version, scope.pending->size() >= k_most_pending, helpers);
    for (Node& h : helpers) g.add_node(std::move(h));
    while (!n.inputs.empty() && n.inputs.back() == k_none) n.inputs.pop_back();
    NodeId id = g.add_node(std::move(n));
    if (!done) scope.pending->emplace_back(id, version);
  }

  void add_constant(const Node& n, const NodeProto& p, Scope& scope) {
    require(n.outputs.size() == 1 && n.outputs[0] != k_none && n.inputs.empty(), Code::format, "Constant needs one output and no inputs");
    require(n.attributes.size() == 1, Code::format, "Constant needs one attribute, has ", n.attributes.size());
    Tensor t = constant_of(n.attributes[0].second);
    graph::Value& v = scope.graph->value(n.outputs[0]);
    v.type = Type::tensor(t.dtype(), t.shape());
    v.constant = std::move(t);
    if (v.doc.empty()) v.doc = p.doc_string();
  }

  static Tensor constant_of(const AttrValue& value) {
    if (const auto* t = std::get_if<Tensor>(&value)) return *t;
    if (const auto* v = std::get_if<int64_t>(&value)) return Tensor::scalar<int64_t>(*v);
    if (const auto* v = std::get_if<float>(&value)) return Tensor::scalar<float>(*v);
    if (const auto* v = std::get_if<std::string>(&value)) return Tensor::scalar<std::string>(*v);
    auto row = [](const auto& list) {
      using T = typename std::decay_t<decltype(list)>::value_type;
      return Tensor::of<T>({static_cast<int64_t>(list.size())}, std::span<const T>(list));
    };
    if (const auto* v = std::get_if<std::vector<int64_t>>(&value)) return row(*v);
    if (const auto* v = std::get_if<std::vector<float>>(&value)) return row(*v);
    if (const auto* v = std::get_if<std::vector<std::string>>(&value)) return row(*v);
    fail(Code::format, "Constant with an attribute that is no value");
  }

  // --- functions

  void call(const FunctionProto& f, const NodeProto& p, Scope& scope) {
    require(scope.depth < options_.limits.depth, Code::limit, "functions and subgraphs are nested deeper than ", options_.limits.depth);
    require(p.input_size() <= f.input_size() && p.output_size() <= f.output_size(), Code::format, "call of function '", printable(f.name()),
            "' with ", p.input_size(), " inputs and ", p.output_size(), " outputs, it has ", f.input_size(), " and ", f.output_size());
    Attributes arguments = attributes(p, scope);
    OpsetMap versions = read_versions(f.opset_import());
    Scope body;
    body.graph = scope.graph;
    body.function = true;
    body.versions = &versions;
    body.arguments = &arguments;
    body.prefix = text(scope.prefix, p.name().empty() ? f.name() : p.name(), "/");
    body.depth = scope.depth + 1;
    body.pending = scope.pending;
    for (const auto& a : f.attribute_proto()) {  // defaults
      bool given = std::any_of(arguments.begin(), arguments.end(), [&](const auto& x) { return x.first == a.name(); });
      if (given) continue;
      if (auto v = attribute(a, body)) arguments.emplace_back(a.name(), std::move(*v));
    }
    std::vector<ValueId> actual = inputs(p, scope);
    for (int i = 0; i < f.input_size(); ++i) {
      ValueId v = i < static_cast<int>(actual.size()) && actual[static_cast<size_t>(i)] != k_none ? actual[static_cast<size_t>(i)] : k_absent;
      require(body.names.emplace(f.input(i), v).second, Code::format, "function '", printable(f.name()), "' has two inputs '", printable(f.input(i)),
              "'");
    }
    declare_body(f, p, scope, body);
    add_nodes(f.node(), body);
    for (int i = 0; i < p.output_size(); ++i) {  // outputs that are not results of the body's own nodes: inputs passed on, doubles
      if (p.output(i).empty()) continue;
      ValueId wanted = scope.names.at(p.output(i));
      auto it = body.names.find(f.output(i));
      require(it != body.names.end() && it->second >= 0, Code::format, "output '", printable(f.output(i)), "' of function '", printable(f.name()),
              "' is not defined");
      if (it->second == wanted) continue;
      Node same;
      same.op = "Identity";
      same.name = body.prefix + f.output(i);
      same.inputs = {it->second};
      same.outputs = {wanted};
      scope.graph->add_node(std::move(same));
    }
  }

  // Results of the body's nodes: the call's outputs where they are those, new values else.
  void declare_body(const FunctionProto& f, const NodeProto& p, Scope& scope, Scope& body) {
    std::unordered_map<std::string, ValueId> results;
    for (int i = 0; i < p.output_size(); ++i)
      if (!p.output(i).empty()) results.try_emplace(f.output(i), scope.names.at(p.output(i)));
    for (const NodeProto& n : f.node())
      for (const std::string& name : n.output()) {
        if (name.empty()) continue;
        check_name(name, "output");
        auto it = results.find(name);
        ValueId v = it != results.end() ? it->second : scope.graph->add_value(body.prefix + name);
        require(body.names.emplace(name, v).second, Code::format, "value '", printable(name), "' of function '", printable(f.name()),
                "' is defined twice");
      }
    for (const auto& info : f.value_info()) give_type(info, body);
  }

  // --- attributes

  Attributes attributes(const NodeProto& p, Scope& scope) {
    Attributes out;
    for (const AttributeProto& a : p.attribute()) {
      check_name(a.name(), "attribute");
      bool twice = std::any_of(out.begin(), out.end(), [&](const auto& x) { return x.first == a.name(); });
      require(!twice, Code::format, "attribute '", printable(a.name()), "' is given twice");
      require(out.size() < 1024, Code::limit, "more than 1024 attributes");
      if (auto v = attribute(a, scope)) out.emplace_back(a.name(), std::move(*v));
    }
    return out;
  }

  std::optional<AttrValue> attribute(const AttributeProto& a, Scope& scope) {
    if (a.has_ref_attr_name() && !a.ref_attr_name().empty()) return referred(a, scope);
    switch (type_of(a)) {
      case AttributeProto::FLOAT: return a.f();
      case AttributeProto::INT: return static_cast<int64_t>(a.i());
      case AttributeProto::STRING: return a.s();
      case AttributeProto::TENSOR: return tensors_.dense(a.t());
      case AttributeProto::SPARSE_TENSOR: return tensors_.sparse(a.sparse_tensor());
      case AttributeProto::GRAPH: return subgraph(a.g(), scope);
      case AttributeProto::FLOATS: return std::vector<float>(a.floats().begin(), a.floats().end());
      case AttributeProto::INTS: return std::vector<int64_t>(a.ints().begin(), a.ints().end());
      case AttributeProto::STRINGS: return std::vector<std::string>(a.strings().begin(), a.strings().end());
      case AttributeProto::TENSORS: {
        std::vector<Tensor> list;
        for (const auto& t : a.tensors()) list.push_back(tensors_.dense(t));
        return list;
      }
      case AttributeProto::GRAPHS: {
        std::vector<GraphPtr> list;
        for (const auto& g : a.graphs()) list.push_back(subgraph(g, scope));
        return list;
      }
      case AttributeProto::TYPE_PROTO: return decode_type(a.tp());
      case AttributeProto::TYPE_PROTOS: {
        std::vector<Type> list;
        for (const auto& t : a.type_protos()) list.push_back(decode_type(t));
        return list;
      }
      default: fail(Code::unsupported, "attribute '", printable(a.name()), "' has a type that is not supported");
    }
  }

  // Files of IR 1 leave the type out; what is present says it.
  static AttributeProto::AttributeType type_of(const AttributeProto& a) {
    if (a.type() != AttributeProto::UNDEFINED) return a.type();
    if (a.has_f()) return AttributeProto::FLOAT;
    if (a.has_i()) return AttributeProto::INT;
    if (a.has_s()) return AttributeProto::STRING;
    if (a.has_t()) return AttributeProto::TENSOR;
    if (a.has_g()) return AttributeProto::GRAPH;
    if (a.floats_size()) return AttributeProto::FLOATS;
    if (a.ints_size()) return AttributeProto::INTS;
    if (a.strings_size()) return AttributeProto::STRINGS;
    if (a.tensors_size()) return AttributeProto::TENSORS;
    if (a.graphs_size()) return AttributeProto::GRAPHS;
    return AttributeProto::UNDEFINED;
  }

  std::optional<AttrValue> referred(const AttributeProto& a, Scope& scope) {
    const Attributes* arguments = nullptr;
    for (Scope* s = &scope; s && !arguments; s = s->parent) arguments = s->arguments;
    require(arguments != nullptr, Code::format, "attribute '", printable(a.name()), "' refers to '", printable(a.ref_attr_name()),
            "' outside of a function");
    for (const auto& [key, value] : *arguments) {
      if (key != a.ref_attr_name()) continue;
      bool graphs = std::holds_alternative<GraphPtr>(value) || std::holds_alternative<std::vector<GraphPtr>>(value);
      require(!graphs || !scope.parent, Code::unsupported, "attribute '", printable(a.name()), "' passes a subgraph into a subgraph of a function");
      return value;
    }
    return std::nullopt;  // the caller left it out: so does the body
  }

  GraphPtr subgraph(const GraphProto& p, Scope& scope) {
    require(scope.depth < options_.limits.depth, Code::limit, "functions and subgraphs are nested deeper than ", options_.limits.depth);
    auto g = std::make_shared<Graph>();
    std::vector<std::pair<NodeId, int64_t>> pending;
    Scope inner;
    inner.graph = g.get();
    inner.parent = &scope;
    inner.versions = scope.versions;
    inner.prefix = scope.prefix;
    inner.depth = scope.depth + 1;
    inner.pending = &pending;
    fill_graph(p, inner);
    if (!pending.empty()) {
      infer_quietly(*g);
      upgrade_later(*g, pending);
    }
    return g;
  }

  const ::onnx::ModelProto& proto_;
  TensorDecoder& tensors_;
  const ReadOptions& options_;
  Functions functions_;
};

}  // namespace

graph::Model decode_model(const ::onnx::ModelProto& proto, TensorDecoder& tensors, const ReadOptions& options) {
  return Decoder(proto, tensors, options).run();
}

}  // namespace mo::onnx
