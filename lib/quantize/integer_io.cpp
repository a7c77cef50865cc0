// The QuantizeLinear at an input and the DequantizeLinear at an output go to the caller.
#include "quantize/integer_io.h"

namespace mo::quantize {

namespace {

using graph::Graph;
using graph::k_none;
using graph::NodeId;
using graph::ValueId;

// The QuantizeLinear that reads `v`, k_none when there is none or several.
NodeId quantizer_of(const Graph& g, ValueId v) {
  NodeId found = k_none;
  for (NodeId user : g.value(v).users)
    if (g.node(user).is("QuantizeLinear") && g.node(user).input(0) == v) {
      if (found != k_none && found != user) return k_none;
      found = user;
    }
  return found;
}

void note(Result& result, const Graph& g, const std::string& name, NodeId q) {
  const Tensor* scale = g.constant_of(g.node(q).input(1));
  const Tensor* zero = g.constant_of(g.node(q).input(2));
  result.model.metadata.emplace_back("mo.scale." + name, text(scale ? scale->number() : 1.0));
  result.model.metadata.emplace_back("mo.zero_point." + name, text(zero ? zero->integer() : 0));
}

}  // namespace

void integer_io(Result& result, const std::string& which) {
  Graph& g = result.model.graph;
  if (which == "inputs" || which == "both")
    for (ValueId& input : g.inputs) {
      if (g.value(input).type.dtype != DType::f32) continue;
      std::string name = g.value(input).name;
      NodeId q = quantizer_of(g, input);
      if (q == k_none || g.use_count(input) != 1) {
        result.warnings.push_back("input '" + printable(name) + "' stays float: part of the model reads it in float");
        continue;
      }
      ValueId integers = g.node(q).outputs[0];
      note(result, g, name, q);
      g.remove_node(q);
      g.rename_value(input, g.unique_name(name + "_float"));
      g.rename_value(integers, name);
      input = integers;
    }
  if (which == "outputs" || which == "both")
    for (ValueId& out : g.outputs) {
      if (g.value(out).type.dtype != DType::f32) continue;
      std::string name = g.value(out).name;
      NodeId q = quantizer_of(g, out);
      if (NodeId dq = g.producer_if(out, "DequantizeLinear"); dq != k_none) q = g.value(g.node(dq).input(0)).producer;
      if (q == k_none || !g.node(q).is("QuantizeLinear")) {
        result.warnings.push_back("output '" + printable(name) + "' stays float: what makes it is not quantized");
        continue;
      }
      ValueId integers = g.node(q).outputs[0];
      note(result, g, name, q);
      g.rename_value(out, g.unique_name(name + "_float"));
      g.rename_value(integers, name);
      out = integers;
    }
  g.sort();
  g.remove_dead();
}

}  // namespace mo::quantize
