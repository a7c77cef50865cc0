// Inputs made up for a model: shapes from the model and the caller, contents from a seed.
#pragma once
#include "runtime/session.h"

namespace mo::runtime {

using Shapes = std::map<std::string, Shape, std::less<>>;

// Shapes of all required inputs. Given ones win; a symbol bound by a given shape ("sequence") binds everywhere; an unknown first axis
// is `batch` (1 when 0). Throws Code::invalid_argument for what stays unknown, Code::not_found for a name that is no input.
Shapes resolve_shapes(const std::vector<Port>& inputs, const Shapes& given = {}, int64_t batch = 0);

// Floats: standard normal. Integers and booleans: 0 or 1, so that indices into tables stay legal. Optional inputs: none.
std::vector<Datum> synthetic_inputs(const std::vector<Port>& inputs, const Shapes& given = {}, int64_t batch = 0, uint64_t seed = 0);

}  // namespace mo::runtime
