// From a batch to the inputs of a session: by name, with harmless dtype changes.
#pragma once
#include "data/dataset.h"
#include "runtime/session.h"

namespace mo::data {

// Arrays are matched to ports by name; a single unnamed or unmatched array goes to a single required port. Arrays that match no port are
// left out. dtypes are widened where no value can change (int8 → int64, uint8 → float32, float16 → float32); integers are narrowed
// only when every value fits. A port without axis of samples (rank one less than the array, one sample) gets the sample itself.
// Throws Code::not_found for a required port without array, Code::type, Code::shape.
runtime::Named bind_inputs(const Batch& batch, std::span<const runtime::Port> ports);

}  // namespace mo::data
