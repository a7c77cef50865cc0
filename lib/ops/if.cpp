// If: runs one of two subgraphs.
#include "ops/subgraph.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  const Graph &yes = body_of(c.node, "then_branch"), &no = body_of(c.node, "else_branch");
  for (const Graph* g : {&yes, &no})
    require(g->outputs.size() == c.outputs(), Code::format, "a branch has ", g->outputs.size(), " outputs, the node ", c.outputs());
  if (!c.infer_subgraph) return;
  const Tensor* cond = c.known(0);
  bool decided = cond && cond->size() == 1 && cond->dtype() == DType::boolean;
  std::vector<Type> a, b;
  if (!decided || cond->number() != 0) a = c.infer_subgraph(yes, {});
  if (!decided || cond->number() == 0) b = c.infer_subgraph(no, {});
  for (size_t i = 0; i < c.outputs(); ++i) c.output(i) = a.empty() ? b[i] : b.empty() ? a[i] : common_type(a[i], b[i]);
}

void run(Run& c) {
  const Graph& body = body_of(c.node, flag_input(c, 0) ? "then_branch" : "else_branch");
  MO_ASSERT(static_cast<bool>(c.run_subgraph));
  std::vector<Datum> out = c.run_subgraph(body, {});
  require(out.size() == c.outputs(), Code::format, "the branch gave ", out.size(), " outputs, the node has ", c.outputs());
  for (size_t i = 0; i < out.size(); ++i) c.out(i, std::move(out[i]));
}

}  // namespace

extern const OpDef if_op{
    .name = "If", .min_inputs = 1, .max_inputs = 1, .max_outputs = -1, .infer = infer, .run = run, .flags = k_control_flow, .since = 7};

}  // namespace mo::ops
