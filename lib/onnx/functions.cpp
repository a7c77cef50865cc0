// Looks functions up and counts what they expand to.
#include "onnx/functions.h"

#include <algorithm>

#include "base/checked.h"
#include "base/error.h"
#include "onnx/onnx-ml.pb.h"

namespace mo::onnx {

namespace {

std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? std::string() : domain; }

std::string key_of(const std::string& domain, const std::string& op, const std::string& overload) {
  return text(plain_domain(domain), '\n', op, '\n', overload);
}

struct Size {
  int64_t nodes = 0, bytes = 0;
};

// Nodes and bytes after inlining, each function counted once and remembered.
class Counter {
 public:
  Counter(const Functions& functions, const Limits& limits) : functions_(functions), limits_(limits) {}

  template <class Nodes>
  Size nodes(const Nodes& list, int64_t depth) {
    require(depth <= limits_.depth, Code::limit, "functions and subgraphs are nested deeper than ", limits_.depth);
    Size sum;
    for (const ::onnx::NodeProto& n : list) add(sum, node(n, depth));
    return sum;
  }

 private:
  void add(Size& sum, Size s) {
    sum.nodes = checked_add(sum.nodes, s.nodes);
    sum.bytes = checked_add(sum.bytes, s.bytes);
  }

  Size node(const ::onnx::NodeProto& n, int64_t depth) {
    Size s{1, static_cast<int64_t>(n.ByteSizeLong())};
    for (const auto& a : n.attribute()) {
      if (a.has_g()) add(s, nodes(a.g().node(), depth + 1));
      for (const auto& g : a.graphs()) add(s, nodes(g.node(), depth + 1));
    }
    if (const ::onnx::FunctionProto* f = functions_.find(n)) add(s, function(*f, depth + 1));
    return s;
  }

  Size function(const ::onnx::FunctionProto& f, int64_t depth) {
    auto [it, fresh] = sizes_.try_emplace(&f, Size{-1, 0});
    require(fresh || it->second.nodes >= 0, Code::format, "function '", printable(f.name()), "' calls itself");
    if (!fresh) {
      // Counted at another depth before; the depth itself is checked again when it is inlined.
      return it->second;
    }
    Size s = nodes(f.node(), depth);
    return sizes_[&f] = s;
  }

  const Functions& functions_;
  const Limits& limits_;
  std::unordered_map<const ::onnx::FunctionProto*, Size> sizes_;
};

}  // namespace

Functions::Functions(const ::onnx::ModelProto& model, const Limits& limits) {
  for (const auto& f : model.functions()) {
    bool fresh = by_key_.emplace(key_of(f.domain(), f.name(), f.overload()), &f).second;
    require(fresh, Code::format, "function '", printable(f.name()), "' is defined twice");
  }
  Size all = Counter(*this, limits).nodes(model.graph().node(), 0);
  require(all.nodes <= limits.nodes, Code::limit, "model has ", all.nodes, " nodes, the limit is ", limits.nodes);
  if (by_key_.empty()) return;
  // A small file must not unfold into a huge graph.
  int64_t own = static_cast<int64_t>(model.ByteSizeLong()), most_bytes = (int64_t{4} << 20) + 64 * own, most_nodes = 20000 + own;
  require(all.bytes <= most_bytes && all.nodes <= most_nodes, Code::limit, "functions of ", own, " bytes unfold to ", all.nodes, " nodes");
}

const ::onnx::FunctionProto* Functions::find(const ::onnx::NodeProto& node) const {
  if (by_key_.empty()) return nullptr;
  auto it = by_key_.find(key_of(node.domain(), node.op_type(), node.overload()));
  return it == by_key_.end() ? nullptr : it->second;
}

}  // namespace mo::onnx
