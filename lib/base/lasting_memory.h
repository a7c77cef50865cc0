// Memory for packed weights, which every run reads from end to end: in huge pages where the system has them, many pieces to a page.
#pragma once
#include <cstdint>
#include <memory>

namespace mo {

// Zeros, 64-byte aligned. Pieces of a quarter MiB or more share blocks of some MiB, which are given back once all their pieces are released.
std::shared_ptr<void> lasting_memory(int64_t bytes);

}  // namespace mo
