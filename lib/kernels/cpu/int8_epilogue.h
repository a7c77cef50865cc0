// What follows the int32 sums of an 8-bit product: bias, one multiplier per channel, residual, clamps or activations, the output's type. Shared by
// the own convolution, depthwise and matrix kernels; ops/fused.h (OneMultiplier) is the definition.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "kernels/cpu/onednn_attr.h"
#include "kernels/cpu/simd_quant.h"
#include "kernels/cpu/simd_unary.h"

namespace mo::kernels::int8 {

// An 8-bit operand is read as unsigned: q ^ flip, with its zero point in that range.
struct Side {
  uint8_t flip = 0;
  int32_t zero = 0;
};
Side side_of(DType dtype, int32_t zero);

// Round, add the zero point, saturate, clamp: the end of every fused output.
struct Steps {
  int32_t zero = 0;
  uint8_t flip = 0, low = 0, high = 255;
  bool open() const { return low == 0 && high == 255 && flip == 0; }  // saturation alone
  bool residual = false;
  float r_scale = 0;  // of the residual, or of `after`
  Side r;
  // An inner 8-bit tensor between the sum and the residual: rounded, clamped to its range, counted in steps of the output from there on.
  bool inner = false;
  float inner_low = 0, inner_high = 0, inner_scale = 1;
  bool per_channel = false;  // Epilogue::after is added
};

struct Epilogue {
  std::vector<int32_t> start;     // per channel: what a sum begins with
  std::vector<float> scale, add;  // per channel: v = fma(float(sum), scale, add), in units of the output's scale where `steps_out`
  std::vector<float> after;       // per channel: added last, times steps.r_scale, where steps.per_channel
  DType out = DType::f32;
  bool steps_out = false;  // v counts steps of the output, else it is real
  bool simple = false;     // steps_out, nothing but clamps at the end and perhaps an 8-bit residual before them: `steps` says all
  Steps steps;
  struct Stage {
    UnaryFn unary;  // row is null: the operand R is added or multiplied
    bool multiply = false;
  };
  std::vector<Stage> stages;  // where not simple
  DType r_dtype = DType::undefined;
  LinearQuant r_quant, y_quant;
  float r_factor = 0;

  bool bounded(int64_t depth) const;  // no sum of `depth` products leaves the range of int32 when it is scaled
  int64_t channels() const { return static_cast<int64_t>(start.size()); }
  // One row of n sums that belong to channels first, first + 1, ...: r and dst are at the row's first element. n is at most k_row.
  // `other_scale`: of these channels, instead of `scale`.
  void row(const int32_t* sums, int64_t first, int64_t n, const void* r, void* dst, const float* other_scale = nullptr) const;
  // What follows the scaled sums, where not simple: `rows` <= k_rows rows of n <= `stride` <= k_row values, which change; strides of r and dst in bytes.
  void finish(float* v, int64_t stride, int64_t rows, int64_t n, const void* r, int64_t r_stride, void* dst, int64_t dst_stride) const;
  bool is_sum() const;  // nothing follows the scaled sums but a float residual that is added
};

constexpr int64_t k_row = 64, k_rows = 48;

bool rounds_inside(const graph::Node& node);  // its epilogue has an inner rounding, which oneDNN lacks

// Reads inputs 2 to 11 of mo.Conv or mo.MatMul. `alpha` multiplies the product before the bias.
std::optional<Epilogue> make_epilogue(const Request& r, int64_t channels, const onednn::Quant& x, const onednn::Quant& w, float alpha,
                                      std::string& reason);

}  // namespace mo::kernels::int8
