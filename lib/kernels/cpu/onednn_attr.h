// Scales, zero points and epilogues of a node as oneDNN attributes.
#pragma once
#include "kernels/cpu/onednn.h"
#include "ops/epilogue.h"

namespace mo::kernels::onednn {

// Quantization of one operand; empty scale: the operand is float.
struct Quant {
  std::vector<float> scale;
  std::vector<int32_t> zero;  // one, or as many as scales
  explicit operator bool() const { return !scale.empty(); }
  bool per_tensor() const { return scale.size() == 1; }
  bool symmetric() const;
};

// Reads constant scale and zero point inputs; nullopt with `reason` when they are not known at plan time.
std::optional<Quant> read_quant(const Request& r, size_t scale_input, size_t zero_input, std::string& reason);

struct Posts {
  dnnl::post_ops ops;
  int binary = -1;      // index of the post-op that reads R
  bool sum = false;     // R has to lie in dst before the run
  std::string refusal;  // not empty: oneDNN cannot do it
};

// `dst` is the description of the output; R (input `index`, quantized by `q` when 8-bit) may be summed in place when sizes agree.
Posts make_posts(const std::vector<ops::Post>& posts, const Desc* r, DType r_type, const Quant& q, const Desc& dst);

// Attributes with user scratchpad; 8-bit operands get scales and zero points. Call bind() on the finished step.
struct Attr {
  dnnl::primitive_attr attr;
  Quant src, weights, dst;
  int weights_mask = 0;
  Posts posts;
  void apply();
  void bind(Step& step, const Desc* r, int r_input) const;
};

bool other_vnni();  // VNNI of 256 bits only, for which there are no own kernels
bool exact_int8();  // this machine multiplies u8 by s8 without saturating (VNNI and later)

}  // namespace mo::kernels::onednn
