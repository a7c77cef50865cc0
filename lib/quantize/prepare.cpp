// Simplification before quantization.
#include "quantize/prepare.h"

#include "ops/op.h"
#include "passes/pass.h"

namespace mo::quantize {

graph::Model prepare(const graph::Model& model, bool fold_batch_norm) {
  graph::Model out = model;
  // Files of IR 3, and many later ones, list every weight among the inputs: a quantized model fixes them.
  std::erase_if(out.graph.inputs, [&](graph::ValueId v) { return out.graph.value(v).is_constant(); });
  std::vector<std::string> disabled;
  if (!fold_batch_norm) disabled.push_back("fold_batch_norm");
  passes::run(out.graph, passes::Stage::simplify, disabled);
  ops::infer_graph(out.graph);
  // Where nodes came from is for plans; in a file it would only be bytes.
  for (graph::NodeId id : out.graph.order()) std::erase_if(out.graph.edit(id).metadata, [](const auto& entry) { return entry.first.starts_with("mo."); });
  return out;
}

}  // namespace mo::quantize
