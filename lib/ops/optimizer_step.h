// What the optimiser operators of ai.onnx.preview.training share: inputs R, T, then n tensors of each of several kinds.
#pragma once
#include "ops/compute.h"

namespace mo::ops {

// f(rate, step, i, count): values of kind k of tensor i are inputs 2 + k * count + i, outputs (k' * count + i).
struct OptimizerStep {
  double rate;
  int64_t step;
  size_t count;
};

inline OptimizerStep read_step(const Run& c, size_t kinds) {
  require(c.inputs() > 2 && (c.inputs() - 2) % kinds == 0, Code::format, "takes two inputs and ", kinds, " per tensor, got ", c.inputs());
  for (size_t i : {0, 1}) require(c.in(i).size() == 1, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants a scalar");
  OptimizerStep s{c.in(0).number(), c.in(1).integer(), (c.inputs() - 2) / kinds};
  for (size_t k = 0; k < kinds; ++k)
    for (size_t i = 0; i < s.count; ++i) {
      size_t at = 2 + k * s.count + i;
      require(is_floating(c.dtype(at)), Code::type, "input ", at, " is ", name(c.dtype(at)));
      require_shape(c, at, c.in(2 + i).shape());
    }
  return s;
}

inline void infer_step(Infer& c, size_t kinds) {
  require(c.inputs() > 2 && (c.inputs() - 2) % kinds == 0, Code::format, "takes two inputs and ", kinds, " per tensor, got ", c.inputs());
  size_t count = (c.inputs() - 2) / kinds;
  require(c.outputs() <= count * (kinds - 1), Code::format, "has ", c.outputs(), " outputs, wants ", count * (kinds - 1));
  for (size_t o = 0; o < c.outputs(); ++o) c.output(o) = c.input(2 + o % count);
}

inline void write_doubles(Run& c, size_t output, const Tensor& like, const std::vector<double>& values) {
  if (!c.wants(output)) return;
  Tensor& t = c.out(output, like.dtype(), like.shape());
  convert_elements(DType::f64, values.data(), like.dtype(), t.raw_mutable(), t.size());
}

}  // namespace mo::ops
