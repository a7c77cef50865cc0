// Runs many jobs in child processes, so that a crash costs one job and is told as a crash.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace mo::node_tests {

// memory_mb bounds a child's address space (0: not at all). job(i) returns a text. A job that kills its process, or takes longer than `seconds`, gives "CRASH: signal N" or "TIMEOUT".
std::vector<std::string> run_isolated(size_t count, int processes, unsigned seconds, long memory_mb, const std::function<std::string(size_t)>& job);

}  // namespace mo::node_tests
