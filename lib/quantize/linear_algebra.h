// The few dense routines that corrections need.
#pragma once
#include <cstdint>
#include <vector>

namespace mo::quantize {

// gram [k][k] += xᵀ x for x [rows][k].
void add_gram(const float* x, int64_t rows, int64_t k, float* gram);

// product [k][k] += aᵀ b for a, b [rows][k].
void add_product(const float* a, const float* b, int64_t rows, int64_t k, float* product);

// c [m][n] = a [m][k] b, b [k][n] or, transposed, [n][k].
void multiply(const float* a, const float* b, bool b_transposed, int64_t m, int64_t n, int64_t k, float* c);

// The upper triangle U with (H + damp · mean(diag H) · I)^-1 = Uᵀ U, row-major; columns without data get 1 on their diagonal.
std::vector<float> inverse_factor(const std::vector<float>& h, int64_t n, double damp, int threads);

// y += a x
void axpy(int64_t n, float a, const float* x, float* y);

}  // namespace mo::quantize
