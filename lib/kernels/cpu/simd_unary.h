// Elementwise functions of one float as row kernels: y[i] = f(x[i]); x and y may be the same memory.
#pragma once
#include <optional>

#include "graph/graph.h"
#include "kernels/kernel.h"

namespace mo::kernels {

struct UnaryFn {
  void (*row)(const float* x, float* y, int64_t n, float alpha, float beta) = nullptr;
  float alpha = 0, beta = 0;
  void operator()(const float* x, float* y, int64_t n) const { row(x, y, n, alpha, beta); }
};

// By the names of epilogue entries ("relu", "clip", "gelu_erf" ...); empty row when unknown.
UnaryFn unary_by_name(std::string_view kind, float alpha, float beta);

}  // namespace mo::kernels
