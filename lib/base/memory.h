// Memory of this process and this machine, and giving freed pages back to the system.
#pragma once
#include <cstdint>

namespace mo {

int64_t current_rss();       // bytes now resident; 0 when the system does not say
int64_t peak_rss();          // the most since the start, or since reset_peak_rss() where that is allowed
bool reset_peak_rss();       // false when the system does not allow it
int64_t available_memory();  // bytes a program may still take here: the machine's, or what the cgroup leaves
void trim_memory();          // returns freed heap pages to the system

// Freeing an object of so many bytes is worth trim_memory(), which walks the heap.
inline constexpr int64_t k_worth_trimming = int64_t{1} << 20;

}  // namespace mo
