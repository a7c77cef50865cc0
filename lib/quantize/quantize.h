// Post-training quantization: Model → Model with Q/DQ, integer operators, packed weights, or float16 / bfloat16.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "quantize/calibration.h"
#include "quantize/chooser.h"
#include "quantize/scheme.h"

namespace mo::quantize {

struct Options {
  std::string mode = "static";                    // static, dynamic, weight_only
  std::string precision = "int8";                 // of weights: int8, uint8, int4, uint4, int3, int2, fp8_e4m3, fp8_e5m2; of everything: fp16, bf16
  std::string calibration_method = "percentile";  // by name of a chooser
  ChooserOptions chooser;
  std::string granularity =
      "auto";  // of weights: per_channel, per_tensor, per_row, per_block; auto: per_block below 8 bits in weight_only mode, else per_channel
  int64_t block_size = 0;                     // 0: 32, of narrow products 16
  std::string weight_range = "auto";          // minmax, mse, hqq; auto: mse below 8 bits, else minmax
  std::string rounding = "auto";              // nearest, gptq, adaround; auto: adaround below 8 bits where samples are kept, else nearest
  std::string rounding_inputs = "quantized";  // what gptq and adaround see: quantized (what the rounded layers before give), float
  std::vector<std::string>
      corrections;  // none, equalization, smoothquant, awq, bias_correction; auto: bias_correction of convolutions, in mode static or below 8 bits
  std::string activation_type = "auto";         // uint8, int8, uint16, int16, fp8_e4m3, fp8_e5m2; auto: as the backend and the weights want
  std::string activation_scale = "per_tensor";  // dynamic mode: per_tensor, per_token
  bool activation_symmetric = false;
  std::optional<bool>
      weight_symmetric;  // none: false in blocks of at most 64 weights of fewer than 8 bits, where rounding learns or the product is narrow and the backend takes it
  std::string last_product = "auto";    // weight_only below 8 bits: same, int8; auto: int8 where it is narrow, or samples say that it is needed
  std::string small_weights = "auto";   // below 8 bits: same; auto: int8 for depthwise and other convolutions of few inputs, products of few outputs
  bool reduce_range = false;            // 7-bit weights
  bool attention = false;               // products of two activations too
  std::string backend = "onnxruntime";  // onnxruntime, openvino, tensorrt, portable
  std::string format = "auto";          // qdq, qoperator, matmul_nbits
  std::string integer_io = "none";      // none, inputs, outputs, both
  std::vector<std::string> include, exclude;  // node names, RE2 patterns that match whole names, or "op:Conv"; empty include: all
  std::vector<std::string> op_types;          // only these operators; empty: all that can be
  bool fold_batch_norm = true;
  Scheme overrides;  // nodes whose form is given, activations whose scale or type is given (scale 0: chosen)
  int threads = 0;
};

// What became of one node.
struct NodeOutcome {
  std::string node, op;
  bool quantized = false;
  std::string reason;             // why it stayed in float
  double snr_db = 0, cosine = 0;  // of its output against the float model, on the calibration samples kept for it; NaN when not measured
  std::string value = {};         // its first output: what tells nodes without a name apart
};

struct Result {
  graph::Model model;
  std::vector<NodeOutcome> nodes;
  int64_t quantized_weights = 0, quantized_activations = 0;
  Scheme scheme;                      // what was done, for replaying it
  std::vector<std::string> warnings;  // what a user should know (constant inputs, no data for a value, NaN in weights ...)
};

// quantize() is prepare, correct, decide, apply. A search calls the parts itself and edits the scheme between them.
// The calibration may be null for fp16 / bf16. Code::invalid_argument without calibration samples, Code::unsupported when nothing can be quantized.
Result quantize(const graph::Model& model, const Calibration* calibration, const Options& options, Control* control);

// What is written multiplies uint8 by int8 of full range, whose sums ONNX Runtime saturates on x86 processors without VNNI, and others may.
bool mixes_signs(const Options& options);

// Follows a scheme made earlier, here or elsewhere. The calibration serves learned roundings; without it they round
// to nearest, with a warning. All else is in the scheme. Code::invalid_argument for names that the model does not have.
Result replay(const graph::Model& model, const Scheme& scheme, const Calibration* calibration, const Options& options, Control* control);

}  // namespace mo::quantize
