// Constant folding: nodes whose inputs are known run once, now, by their reference kernels.
#pragma once
#include "passes/pass.h"

namespace mo::passes {

struct FoldOptions {
  FoldLimits limits;
  int64_t max_growth = int64_t{64} << 20;  // bytes that one result may take beyond the inputs it is made of
  bool dequantize = false;                 // also DequantizeLinear of constants: wanted only where no integer kernel will take it
  bool retype = false;                     // replace every type by what inference says of the present input types
  bool outputs = false;                    // also nodes whose result is a graph output
  bool keep = false;                       // nodes stay although their results are constants now
};

// One walk in order. Returns the number of nodes that became constants. With `retype`, contradictions in shapes throw; a node whose
// kernel objects while folding is left in place, to object when (and if) it runs.
int fold_constants(Graph& g, const FoldOptions& options);

// The same for one node. Says whether its results became constants.
bool fold_node(Graph& g, graph::NodeId id, const FoldOptions& options);

}  // namespace mo::passes
