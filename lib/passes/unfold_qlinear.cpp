// unfold_qlinear: com.microsoft.QLinearX(q, scale, zero)  =>  QuantizeLinear(X(DequantizeLinear(q, scale, zero))), as such operators come out of a file
// too: graphs that were quantized in memory run by the same steps.
#include "onnx/legalize/legalize.h"
#include "passes/pass.h"

namespace mo::passes {
namespace {

bool run_unfold_qlinear(Graph& g) {
  std::vector<std::pair<graph::NodeId, int64_t>> found;
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    if (n.domain != "com.microsoft" || (!n.op.starts_with("QLinear") && n.op != "QGemm" && n.op != "MatMulIntegerToFloat") ||
        onnx::upgrade_rules(n.op, n.domain).empty())
      continue;
    if (n.op == "QGemm" && (!g.constant_of(n.input(1)) || !g.constant_of(n.input(4)))) continue;
    found.emplace_back(id, 1);
  }
  onnx::upgrade_later(g, found);
  if (!found.empty()) g.sort();
  return !found.empty();
}

}  // namespace

extern const Pass unfold_qlinear;
const Pass unfold_qlinear{"unfold_qlinear", Stage::enter, run_unfold_qlinear};

}  // namespace mo::passes
