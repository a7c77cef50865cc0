// Runs a small graph through sessions and through the interpreter and checks that they agree.
#pragma once
#include <string_view>
#include <vector>

#include "runtime/session.h"

namespace mo::test {

Tensor random_tensor(const Shape& shape, uint64_t seed = 1);  // float32, standard normal

struct Tolerance {
  double absolute = 1e-5, relative = 1e-5;
};
bool near(const Tensor& a, const Tensor& b, Tolerance tolerance = {});

// The graph by the reference kernels, without passes: must be exactly what the interpreter says. Then by a full session: near to it.
// Runs each session three times, and returns the interpreter's results.
std::vector<Datum> check_session(const graph::Graph& g, const std::vector<Datum>& inputs, Tolerance tolerance = {});
std::vector<Datum> check_session(std::string_view graph_text, const std::vector<Datum>& inputs, Tolerance tolerance = {});

}  // namespace mo::test
