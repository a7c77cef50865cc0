// What If, Loop and Scan share: their bodies, and types that differ from one way or one turn to the next.
#pragma once
#include "ops/compute.h"

namespace mo::ops {

inline const Graph& body_of(const Node& n, const char* attribute) {
  const graph::GraphPtr* g = n.subgraph(attribute);
  require(g != nullptr && *g != nullptr, Code::format, "subgraph ", attribute, " is missing");
  return **g;
}

// What holds for both types: differing dims, ranks, dtypes become unknown.
Type common_type(const Type& a, const Type& b);

// The boolean of one element in an input.
bool flag_input(const Run& c, size_t i);
bool flag_of(const Datum& d, const char* what);

// The stack of no values: an axis of 0 at `axis` of what the body's output would be, given its inputs (unknown dims become 0).
Tensor empty_scan(const Graph& body, size_t output, int64_t axis, std::span<const Type> inputs);
Type type_of(const Datum& d);

// Types of a loop's carried values, loosened until one more turn of the body does not change them; then all body output types.
// `fixed` are the types of body inputs before the carried ones, `after` of those behind them; outputs `skip`.. are the carried ones.
std::vector<Type> stable_types(Infer& c, const Graph& body, std::span<const Type> fixed, std::vector<Type>& carried, std::span<const Type> after,
                               size_t skip);

}  // namespace mo::ops
