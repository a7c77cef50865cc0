// The choice of opset and IR version for a graph.
#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "onnx/write.h"
#include "ops/op.h"

namespace mo::onnx {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::Type;

namespace {

constexpr int64_t k_lowest_opset = 13;  // below it are forms that the reader upgrades away

struct Need {
  int64_t opset, ir;
};

// The versions in which a dtype entered the standard.
Need need_of(DType d) {
  switch (d) {
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz: return {19, 9};
    case DType::u4:
    case DType::i4: return {21, 10};
    case DType::f4e2m1: return {23, 11};
    case DType::f8e8m0: return {24, 12};
    case DType::u2:
    case DType::i2: return {25, 13};
    case DType::f6e2m3:
    case DType::f6e3m2: return {28, 14};
    default: return {k_lowest_opset, 7};
  }
}

class Survey {
 public:
  int64_t opset = k_lowest_opset, ir = 7;
  std::map<std::string, int64_t> domains;
  bool unknown_standard = false;  // a standard operator that ops/ does not know

  void graph(const Graph& g) {
    for (graph::ValueId v = 0; v < g.value_count(); ++v) {
      const graph::Value& value = g.value(v);
      if (value.is_constant()) dtype(value.constant.dtype());
      type(value.type);
    }
    for (graph::NodeId id : g.order()) node(g, g.node(id));
  }

 private:
  void dtype(DType d) {
    Need n = need_of(d);
    opset = std::max(opset, n.opset);
    ir = std::max(ir, n.ir);
  }

  void type(const Type& t) {
    if (t.kind == Type::Kind::tensor) dtype(t.dtype);
    if (t.kind == Type::Kind::optional) opset = std::max<int64_t>(opset, 15), ir = std::max<int64_t>(ir, 8);
    if (t.element) type(*t.element);
  }

  void node(const Graph& g, const Node& n) {
    require(n.domain != "mo", Code::unsupported, "operator mo.", n.op, " exists only inside a plan and cannot be saved");
    if (!n.metadata.empty()) ir = std::max<int64_t>(ir, 10);
    const ops::OpDef* def = ops::find(n.op, n.domain);
    int64_t since = 1;
    if (def) {
      std::vector<Type> types;
      for (graph::ValueId v : n.inputs) types.push_back(v == k_none ? Type() : g.value(v).type);
      since = def->since_of ? def->since_of(n, types) : def->since;
    }
    if (n.domain.empty()) {
      opset = std::max(opset, since);
      unknown_standard = unknown_standard || !def;
    } else {
      int64_t& version = domains[n.domain];
      version = std::max(version, since);
    }
    for (const auto& [key, sub] : graph::subgraphs(n)) graph(*sub);
  }
};

int64_t ir_for_opset(int64_t opset) { return opset <= 14 ? 7 : opset <= 18 ? 8 : opset <= 20 ? 9 : 10; }

}  // namespace

Versions choose_versions(const graph::Model& model, const WriteOptions& options) {
  Survey s;
  s.graph(model.graph);
  for (const auto& [domain, version] : model.opsets) {
    if (domain.empty()) {
      if (options.opset == 0) s.opset = std::max(s.opset, version);
    } else if (auto it = s.domains.find(domain); it != s.domains.end()) {
      it->second = std::max(it->second, version);
    }
  }
  require(options.opset == 0 || options.opset >= s.opset, Code::unsupported, "opset ", options.opset, " cannot hold this model, it needs ", s.opset);
  if (options.opset != 0) s.opset = options.opset;
  int64_t ir = std::max(s.ir, ir_for_opset(s.opset));
  require(options.ir_version == 0 || options.ir_version >= s.ir, Code::unsupported, "IR version ", options.ir_version,
          " cannot hold this model, it needs ", s.ir);
  if (options.ir_version != 0) ir = options.ir_version;
  Versions v{ir, {{"", s.opset}}};
  for (auto& [domain, version] : s.domains) v.opsets.emplace_back(domain, version);
  return v;
}

}  // namespace mo::onnx
