// Weights as a matrix of output channels by inputs, the one form that ranges and roundings work on.
#pragma once
#include <algorithm>
#include <vector>

#include "base/raw_vector.h"
#include "quantize/scheme.h"
#include "tensor/tensor.h"

namespace mo::quantize {

struct Matrix {
  int64_t rows = 0, cols = 0;
  RawVector<float> values;  // [rows][cols]
  float* row(int64_t r) { return values.data() + r * cols; }
  const float* row(int64_t r) const { return values.data() + r * cols; }
};

// Rows that one thread takes at a time: whole tiles, and enough of them to be worth a thread.
inline constexpr int64_t k_tile = 64, k_elements = int64_t{1} << 16;
inline int64_t rows_at_once(int64_t cols) { return (k_elements / std::max<int64_t>(1, cols) / k_tile + 1) * k_tile; }

// Rows along `axis` (-1: one row), columns in storage order of the rest. Code::invalid_argument for NaN or infinity.
Matrix rows_of(const Tensor& weights, int64_t axis);
Tensor tensor_of(const Matrix& matrix, const Shape& shape, int64_t axis, DType dtype);  // numbers stored as dtype

// A matrix in codes: real = (q - zero) * scale, one scale and zero per block of a row.
struct Codes {
  Matrix q;
  int64_t block = 0, blocks = 1;   // columns in a block, blocks in a row
  std::vector<float> scale, zero;  // [rows][blocks]
  int64_t at(int64_t row, int64_t col) const { return row * blocks + col / block; }
};
Matrix real(const Codes& codes);

// Codes kept small until they are written.
struct Rounded {
  int64_t rows = 0, cols = 0, block = 0, blocks = 1;
  std::vector<int16_t> q;
  std::vector<float> scale, zero;
  Codes codes() const;
};

// Lowest and highest code of a form.
struct Levels {
  float low, high, middle;  // middle: the zero point of symmetric forms
};
Levels levels(const WeightForm& form);

// Inputs of one node as seen on samples, what data-driven roundings need. Groups of a grouped convolution have matrices of their own.
struct InputMoments {
  int64_t groups = 1, cols = 0;
  double rows = 0;                          // samples summed
  std::vector<std::vector<float>> gram;     // per group [cols][cols]: sum of x xᵀ; empty when only means are collected
  std::vector<std::vector<double>> mean;    // per group [cols]: sum of x
  std::vector<std::vector<float>> largest;  // per group [cols]: largest |x|
  // Of nets whose earlier layers are rounded already: x is what the product reads there, `exact` what it reads in the float net.
  std::vector<std::vector<float>> cross;        // per group [cols][cols]: sum of exact xᵀ; empty when not collected
  std::vector<std::vector<double>> exact_mean;  // per group [cols]: sum of exact
  // Part of the mean of gram's diagonal that is added to it: what so few rows leave unknown.
  double damp() const { return std::clamp(static_cast<double>(cols) / std::max(1.0, rows), 0.01, 1.0); }
};

// Codes of a matrix by form.range and form.rounding. min_scale: a lowest scale per row (or one), may be empty. moments may be null: then
// gptq and adaround round to nearest.
Codes encode(const Matrix& weights, const WeightForm& form, std::span<const float> min_scale, const InputMoments* moments);

// The parts of encode.
void choose_ranges(const Matrix& weights, const WeightForm& form, const InputMoments* moments, Codes& codes);  // scale and zero
void choose_block(const float* w, int64_t n, const WeightForm& form, const float* importance, float& scale, float& zero);
void round_nearest(const Matrix& weights, const WeightForm& form, Codes& codes);
void round_gptq(const Matrix& weights, const WeightForm& form, const InputMoments& moments, Codes& codes);
void round_adaround(const Matrix& weights, const WeightForm& form, std::span<const float> min_scale, const InputMoments& moments, Codes& codes);

// Weights that give on x what the float ones give on `exact`, half of the way there (moments.cross): the whole way fits the noise of few samples.
void aim_at_exact(Matrix& weights, const InputMoments& moments);

}  // namespace mo::quantize
