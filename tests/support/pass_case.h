// One pass on one small text: which operators are left, and that the graph still computes the same.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mo::test {

// Runs only the passes named (in table order, to a fixed point) and returns the operators left in order, "mo.Conv" with their domain.
// CHECKs that the rewritten graph is valid and that interpreting it on random inputs gives what the original gives, within `tolerance` of the
// largest magnitude (floats) or `steps` (8-bit integers).
std::string after_passes(const std::vector<std::string>& names, std::string_view graph_text, float tolerance = 1e-5f, int steps = 0);

}  // namespace mo::test
