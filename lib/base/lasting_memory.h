// Memory for packed weights, which every run reads from end to end: in huge pages where the system has them, many pieces to a page.
#pragma once
#include <cstdint>
#include <memory>

namespace mo {

// Zeros, 64-byte aligned. Pieces of a quarter MiB or more share blocks of addresses, filled one after the other; a released piece's pages go back at once.
std::shared_ptr<void> lasting_memory(int64_t bytes);

}  // namespace mo
