// What follows a float product, row by row: bias, activations, an operand that is added or multiplied. For kernels that write float32.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernels/cpu/simd_unary.h"

namespace mo::kernels {

struct FloatEpilogue {
  struct Stage {
    UnaryFn unary;  // row is null: the operand is added or multiplied
    bool multiply = false;
  };
  std::vector<float> bias;  // per column, or empty
  std::vector<Stage> stages;
  bool with_operand = false;  // input 3, of the result's shape

  // n columns of one row, at which `operand` points likewise (or null). The bias is in them already.
  void row(float* y, const float* operand, int64_t n) const;
};

// Inputs 2 and 3 and the epilogue of MatMul, Gemm or mo.MatMul with a result of rows x columns; a reason when a row kernel cannot do it.
std::optional<FloatEpilogue> float_epilogue(const Request& r, int64_t rows, int64_t columns, std::string& reason);

}  // namespace mo::kernels
