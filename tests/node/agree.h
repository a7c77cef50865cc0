// Comparison of results with what a node test expects: dtype, shape, and elements within rtol and atol.
#pragma once
#include <string>

#include "tensor/datum.h"

namespace mo::node_tests {

// What differs, in words; empty when nothing does. |expected - got| <= atol + rtol * |got| for every element, NaN equal to NaN.
std::string difference(const Datum& got, const Datum& expected, double rtol, double atol);

}  // namespace mo::node_tests
