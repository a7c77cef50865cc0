// The form of a model that calibration watches and quantization rewrites.
#pragma once
#include "graph/graph.h"

namespace mo::quantize {

// Simplified (constants folded, identities gone, batch normalisation folded unless told otherwise) and with types inferred. Only standard
// operators that other runtimes load as well; names of values survive.
graph::Model prepare(const graph::Model& model, bool fold_batch_norm);

}  // namespace mo::quantize
