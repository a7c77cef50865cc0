// The form of a model that calibration watches and quantization rewrites.
#pragma once
#include "graph/graph.h"

namespace mo::quantize {

// Simplified (constants folded, identities gone, batch normalisation folded unless told otherwise) and with types inferred. Only standard
// operators that other runtimes load as well; names of values survive. Every node has a name that no other has, subgraphs included, and
// constants that only one subgraph reads lie in it.
graph::Model prepare(const graph::Model& model, bool fold_batch_norm);

// Takes the names away that prepare() invented: in a file they are only bytes.
void drop_invented_names(graph::Graph& g);

}  // namespace mo::quantize
