// The digest of a model: every field in a fixed order with lengths between, weights by their bytes.
#include "base/hash.h"
#include "report/summary.h"

namespace mo::report {

namespace {

using graph::Graph;

class Hasher {
 public:
  void model(const graph::Model& m) {
    text("libmo model 1");
    graph(m.graph);
    pairs(m.metadata);
    text(m.producer_name), text(m.producer_version), text(m.domain), text(m.doc);
    sha_.update_int(m.model_version);
  }
  std::string finish() { return hex(sha_.finish()); }

 private:
  void text(std::string_view s) {
    sha_.update_int(static_cast<int64_t>(s.size()));
    sha_.update(s);
  }
  void number(int64_t n) { sha_.update_int(n); }
  void pairs(const std::vector<std::pair<std::string, std::string>>& list) {
    number(static_cast<int64_t>(list.size()));
    for (const auto& [key, value] : list) text(key), text(value);
  }

  void tensor(const Tensor& t) {
    number(static_cast<int64_t>(t.dtype()));
    number(t.rank());
    for (int64_t d : t.shape()) number(d);
    if (t.dtype() == DType::string) {
      for (int64_t i = 0; i < t.size(); ++i) text(t.strings()[i]);
    } else {
      sha_.update(t.raw(), static_cast<size_t>(t.bytes()));
    }
  }

  void type(const graph::Type& t) { text(graph::describe(t)); }

  void value_of(const graph::AttrValue& value) {
    number(static_cast<int64_t>(value.index()));
    std::visit([&](const auto& v) { attribute(v); }, value);
  }
  void attribute(int64_t v) { number(v); }
  void attribute(float v) { sha_.update(&v, sizeof v); }
  void attribute(const std::string& v) { text(v); }
  void attribute(const Tensor& v) { tensor(v); }
  void attribute(const graph::GraphPtr& v) {
    if (v) graph(*v);
  }
  void attribute(const graph::Type& v) { type(v); }
  template <class T>
  void attribute(const std::vector<T>& list) {
    number(static_cast<int64_t>(list.size()));
    for (const T& v : list) attribute(v);
  }

  void graph(const Graph& g) {
    text(g.name), text(g.doc);
    pairs(g.metadata);
    // values are named, so ids (which depend on history) need not enter
    auto names = [&](const std::vector<graph::ValueId>& ids) {
      number(static_cast<int64_t>(ids.size()));
      for (graph::ValueId v : ids) text(v == graph::k_none ? std::string_view() : std::string_view(g.value(v).name));
    };
    names(g.inputs);
    for (graph::ValueId v : g.inputs) type(g.value(v).type);
    names(g.outputs);
    for (graph::ValueId v : g.outputs) type(g.value(v).type);
    std::map<std::string_view, const Tensor*> constants;
    for (graph::ValueId v = 0; v < g.value_count(); ++v)
      if (g.value(v).is_constant() && g.use_count(v) + (g.is_input(v) ? 1 : 0) > 0) constants[g.value(v).name] = &g.value(v).constant;
    number(static_cast<int64_t>(constants.size()));
    for (const auto& [name, t] : constants) text(name), tensor(*t);
    for (const graph::Capture& c : g.captures) text(g.value(c.inner).name);
    number(static_cast<int64_t>(g.node_count()));
    for (graph::NodeId id : g.order()) {
      const graph::Node& n = g.node(id);
      text(n.op), text(n.domain), text(n.name), text(n.doc);
      names(n.inputs);
      names(n.outputs);
      std::map<std::string_view, const graph::AttrValue*> attributes;
      for (const auto& [name, value] : n.attributes) attributes[name] = &value;
      number(static_cast<int64_t>(attributes.size()));
      for (const auto& [name, value] : attributes) text(name), value_of(*value);
      pairs(n.metadata);
    }
  }

  Sha256 sha_;
};

}  // namespace

std::string digest(const graph::Model& model) {
  Hasher h;
  h.model(model);
  return "sha256:" + h.finish();
}

}  // namespace mo::report
