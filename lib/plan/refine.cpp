// The order of folding and passes.
#include "plan/refine.h"

#include "passes/fold.h"
#include "passes/pass.h"

namespace mo::plan {

using graph::k_none;
using graph::ValueId;

size_t protect_observed(graph::Graph& g, const Options& options) {
  size_t count = g.outputs.size();
  for (const std::string& name : options.observed) {
    ValueId v = g.find_value(name);
    if (v != k_none && g.value(v).producer != k_none && !g.is_output(v)) g.outputs.push_back(v);
  }
  return count;
}

void optimize(graph::Graph& g, const Options& options) {
  size_t count = protect_observed(g, options);
  passes::run(g, passes::Stage::enter, options.disabled_passes);
  passes::run(g, passes::Stage::simplify, options.disabled_passes);
  passes::run(g, passes::Stage::plan, options.disabled_passes);
  g.outputs.resize(count);
}

int refine(graph::Graph& g, bool sized, const Options& options) {
  passes::FoldOptions fold;
  fold.retype = fold.outputs = true;
  int folded = passes::fold_constants(g, fold);
  if ((folded > 0 || sized) && options.optimize) {
    passes::run(g, passes::Stage::simplify, options.disabled_passes);
    passes::run(g, passes::Stage::plan, options.disabled_passes);
  }
  fold.dequantize = true;
  folded += passes::fold_constants(g, fold);
  g.remove_dead();
  return folded;
}

}  // namespace mo::plan
