// The list of operators that bear 16 bits, the taint of huge constants, and the Casts.
#include "quantize/float16.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr std::string_view k_bearing[] = {
    "Conv",          "ConvTranspose", "Gemm",    "MatMul",      "Add",
    "Sub",           "Mul",           "Relu",    "LeakyRelu",   "PRelu",
    "Clip",          "Sigmoid",       "Tanh",    "HardSwish",   "HardSigmoid",
    "Gelu",          "Elu",           "MaxPool", "AveragePool", "GlobalAveragePool",
    "GlobalMaxPool", "Concat",        "Reshape", "Transpose",   "Flatten",
    "Squeeze",       "Unsqueeze",     "Slice",   "Split",       "Gather",
    "Pad",           "Identity",      "Expand",  "Tile",        "DepthToSpace",
    "SpaceToDepth",  "Neg",           "Abs",
};
// Operators that hand huge values on.
constexpr std::string_view k_passing[] = {"Add",    "Sub",    "Mul",  "Where",    "Expand", "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Slice",
                                          "Concat", "Gather", "Tile", "Identity", "Cast",   "Min",     "Max",       "Neg",       "Flatten", "Split"};

template <size_t n>
bool among(const std::string_view (&list)[n], std::string_view op) {
  return std::find(std::begin(list), std::end(list), op) != std::end(list);
}

class Converter {
 public:
  Converter(Result& r, DType dtype, const std::function<std::string(const Node&)>& refuse)
      : g_(r.model.graph), result_(r), dtype_(dtype), limit_(dtype == DType::f16 ? 65504.0f : 3e38f), unwanted_(refuse) {}

  void run(Control* control) {
    std::vector<NodeId> order = g_.order(), chosen;
    for (NodeId id : order) {
      std::string why = refuse(g_.node(id));
      taint(g_.node(id));
      const Node& n = g_.node(id);
      result_.nodes.push_back({n.name, n.domain.empty() ? n.op : n.domain + "." + n.op, why.empty(), why, NAN, NAN,
                               n.output(0) == graph::k_none ? std::string() : g_.value(n.output(0)).name});
      if (why.empty()) chosen.push_back(id);
    }
    require(!chosen.empty(), Code::unsupported, "no node can be converted to ", name(dtype_));
    int64_t done = 0;
    for (NodeId id : chosen) {
      convert(id);
      progress(control, "convert", ++done, static_cast<int64_t>(chosen.size()));
    }
    finish_casts();
    g_.sort();
    g_.remove_dead();
  }

 private:
  bool is_f32(ValueId v) const { return v != k_none && g_.value(v).type.is_tensor() && g_.value(v).type.dtype == DType::f32; }

  bool huge(ValueId v) const {
    if (tainted_.contains(v)) return true;
    const Tensor* t = g_.constant_of(v);
    if (!t || t->dtype() != DType::f32) return false;
    for (float x : t->values<float>())
      if (std::abs(x) > limit_) return true;
    return false;
  }

  std::string refuse(const Node& n) const {
    if (!n.domain.empty() || !among(k_bearing, n.op)) return "kept in float32: sums or exponentiates, or has no 16-bit form";
    if (std::string why = unwanted_(n); !why.empty()) return why;
    bool any = false;
    for (ValueId v : n.inputs) {
      if (v == k_none) continue;
      if (huge(v)) return "kept in float32: '" + printable(g_.value(v).name) + "' holds or hands on values beyond the range of " + name(dtype_);
      any |= is_f32(v);
      if (g_.constant_of(v) && g_.constant_of(v)->dtype() == DType::f32)
        for (float x : g_.constant_of(v)->values<float>())
          require(!std::isnan(x), Code::invalid_argument, "constant '", printable(g_.value(v).name), "' holds NaN");
    }
    return any ? "" : "has no float32 input";
  }

  void taint(const Node& n) {
    if (!among(k_passing, n.op)) return;
    if (std::any_of(n.inputs.begin(), n.inputs.end(), [&](ValueId v) { return v != k_none && huge(v); }))
      for (ValueId v : n.outputs)
        if (v != k_none) tainted_.insert(v);
  }

  // The 16-bit form of a float32 value: a converted constant, the low output of a converted node, or a Cast.
  ValueId low(ValueId v) {
    if (auto it = low_.find(v); it != low_.end()) return it->second;
    ValueId made;
    std::string stem = g_.value(v).name + (dtype_ == DType::f16 ? "_fp16" : "_bf16");
    if (const Tensor* t = g_.constant_of(v)) {
      made = g_.add_constant(stem, t->cast(dtype_));
      ++result_.quantized_weights;
    } else {
      made = cast(v, dtype_, stem);
    }
    return low_[v] = made;
  }

  ValueId cast(ValueId v, DType to, const std::string& stem) {
    graph::Type type = g_.value(v).type;
    type.dtype = to;
    ValueId out = g_.add_value(stem, type);
    Node n;
    n.op = "Cast";
    n.name = stem + "_cast";
    n.inputs = {v};
    n.outputs = {out};
    n.set("to", static_cast<int64_t>(to));
    g_.add_node(std::move(n));
    return out;
  }

  void convert(NodeId id) {
    for (size_t i = 0; i < g_.node(id).inputs.size(); ++i) {
      ValueId v = g_.node(id).inputs[i];
      if (is_f32(v)) g_.set_input(id, i, low(v));
    }
    for (size_t i = 0; i < g_.node(id).outputs.size(); ++i) {
      ValueId v = g_.node(id).outputs[i];
      if (!is_f32(v)) continue;
      graph::Type type = g_.value(v).type;
      type.dtype = dtype_;
      ValueId narrow = g_.add_value(g_.value(v).name + (dtype_ == DType::f16 ? "_fp16" : "_bf16"), type);
      g_.set_output(id, i, narrow);
      low_[v] = narrow;
      lost_.push_back(v);  // has no producer until somebody turns out to need it in float32
      ++result_.quantized_activations;
    }
  }

  void finish_casts() {
    for (ValueId v : lost_) {
      if (g_.use_count(v) == 0) continue;
      Node n;
      n.op = "Cast";
      n.name = g_.value(v).name + "_cast_float32";
      n.inputs = {low_.at(v)};
      n.outputs = {v};
      n.set("to", static_cast<int64_t>(DType::f32));
      g_.add_node(std::move(n));
    }
  }

  Graph& g_;
  Result& result_;
  DType dtype_;
  float limit_;
  const std::function<std::string(const Node&)>& unwanted_;
  std::set<ValueId> tainted_;
  std::map<ValueId, ValueId> low_;
  std::vector<ValueId> lost_;
};

}  // namespace

void convert_float(Result& result, DType dtype, const std::function<std::string(const Node&)>& refuse, Control* control) {
  Converter(result, dtype, refuse).run(control);
}

void convert_some(Result& result, const Scheme& scheme) {
  for (const auto& [how, dtype] : {std::pair("fp16", DType::f16), std::pair("bf16", DType::bf16)}) {
    std::set<std::string> names;
    for (const auto& [node, form] : scheme.nodes)
      if (form.how == how) names.insert(node);
    if (names.empty()) continue;
    std::vector<NodeOutcome> outcomes = std::move(result.nodes);
    result.nodes.clear();
    convert_float(
        result, dtype, [&](const Node& n) { return names.contains(n.name) ? std::string() : std::string("not named by the scheme"); }, nullptr);
    result.nodes = std::move(outcomes);
  }
}

}  // namespace mo::quantize
