// Runs every candidate of a node on real tensors, in its layouts, and compares with the reference kernel.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace mo::test {

struct KernelInput {
  Tensor tensor;          // empty: absent
  bool constant = false;  // known at plan time
};

struct KernelCase {
  graph::Node node;  // op, domain, attributes; edges are filled in
  std::vector<KernelInput> inputs;
  int outputs = 1;
  float tolerance = 1e-5f;  // of floats, relative to the largest magnitude of the reference output, plus 1e-6
  int steps = 0;            // of 8-bit integers: how far an element may be off
  bool bf16 = false;        // operands of products may be rounded to bfloat16
  bool exact = false;       // candidates named int8_... give the very bytes of the reference, whatever `steps`; 16-bit floats are equal too
};

struct KernelResult {
  std::vector<std::string> ran;       // "name: detail", one per candidate that accepted
  std::vector<std::string> declined;  // "name: reason"
  bool fast() const { return !ran.empty(); }
};

// CHECKs each candidate with one and two threads, in plain and (where it may) channels-last layout, with guard bytes around outputs.
KernelResult check_candidates(const KernelCase& c);

graph::Node node(std::string op, std::string domain = "", std::vector<std::pair<std::string, graph::AttrValue>> attributes = {});
Tensor random_floats(Shape shape, uint32_t seed, float low = -1, float high = 1);
Tensor random_bytes(DType dtype, Shape shape, uint32_t seed);
KernelInput constant(Tensor t);

}  // namespace mo::test
