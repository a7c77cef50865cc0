// What this process may use of the machine it runs on.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace mo {

int usable_threads();                    // CPUs by affinity and cgroup quota, at least 1; read once
std::vector<std::string> cpu_features(); // instruction sets that matter to kernels: "avx2", "avx512_vnni" ...
int64_t peak_rss_bytes();                // largest resident set of the process so far
int64_t rss_bytes();                     // resident set now

}  // namespace mo
