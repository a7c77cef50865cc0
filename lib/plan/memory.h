// Offsets in one arena: buffers whose lifetimes overlap never overlap in memory.
#pragma once
#include <cstdint>
#include <vector>

#include "plan/step.h"

namespace mo::plan {

// Sets Buffer::offset of every arena buffer that is used (first >= 0); returns the bytes needed.
int64_t plan_memory(std::vector<Buffer>& buffers);

}  // namespace mo::plan
