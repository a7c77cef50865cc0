// The harness of operator tests: one case checks inference, the reference kernel, its use of planned memory, and every fast candidate.
#pragma once
#include "support/kernel_case.h"
#include "tensor/datum.h"

namespace mo::test {

struct OpCase {
  graph::Node node;  // op, domain, attributes; edges are filled in
  std::vector<KernelInput> inputs = {};
  int outputs = 1;
  std::vector<Tensor> expected = {};  // from a stated source; may be shorter than outputs
  bool dynamic = false;               // the result's shape depends on contents: inference cannot know all of it
  bool candidates = true;             // also runs the fast kernels
  int steps = 1;                      // 8-bit results of fast kernels may be off by so many
  float candidate_tolerance = 1e-5f;
};

// Fails the running test where anything is wrong; returns the reference kernel's outputs.
// - outputs equal `expected` within the dtype's tolerance
// - a second run into planned memory gives the same bytes and leaves the guard bytes around it
// - inference with every, some and no part of the input types known never contradicts the result, and with all known is complete
// - each candidate agrees with the reference
std::vector<Datum> check_op(const OpCase& c);

// The message of the error that the reference kernel raises; fails the test when it raises none.
std::string op_error(const OpCase& c);

// `t` converted to `dtype`.
KernelInput as_dtype(const Tensor& t, DType dtype, bool constant = false);

}  // namespace mo::test
