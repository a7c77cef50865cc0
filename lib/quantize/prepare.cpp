// Simplification before quantization.
#include "quantize/prepare.h"

#include "ops/op.h"
#include "passes/pass.h"

namespace mo::quantize {

graph::Model prepare(const graph::Model& model, bool fold_batch_norm) {
  graph::Model out = model;
  std::vector<std::string> disabled;
  if (!fold_batch_norm) disabled.push_back("fold_batch_norm");
  passes::run(out.graph, passes::Stage::simplify, disabled);
  ops::infer_graph(out.graph);
  return out;
}

}  // namespace mo::quantize
