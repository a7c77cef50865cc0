// Post-training quantization: Model → Model with Q/DQ, or with float16 / bfloat16 weights and activations.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "quantize/calibration.h"
#include "quantize/chooser.h"

namespace mo::quantize {

struct Options {
  std::string precision = "int8";             // int8, fp16, bf16
  std::string calibration_method = "minmax";  // by name of a chooser
  ChooserOptions chooser;
  std::string granularity = "per_channel";    // of weights: per_channel, per_tensor
  std::string activation_type = "uint8";      // uint8, int8
  bool activation_symmetric = false;
  bool weight_symmetric = true;
  std::vector<std::string> include, exclude;  // node names, RE2 patterns that match whole names, or "op:Conv"; empty include: all
  std::vector<std::string> op_types;          // only these operators; empty: all that can be
  bool fold_batch_norm = true;
  int threads = 0;
};

// What became of one node.
struct NodeOutcome {
  std::string node, op;
  bool quantized = false;
  std::string reason;  // why it stayed in float
  double snr_db = 0, cosine = 0;  // of its output against the float model, on the calibration samples kept for it; NaN when not measured
};

struct Result {
  graph::Model model;
  std::vector<NodeOutcome> nodes;
  int64_t quantized_weights = 0, quantized_activations = 0;
  std::vector<std::string> warnings;  // what a user should know (constant inputs, no data for a value, NaN in weights ...)
};

// The calibration may be null for fp16 / bf16. Code::invalid_argument without calibration samples, Code::unsupported when nothing can be quantized.
Result quantize(const graph::Model& model, const Calibration* calibration, const Options& options, Control* control);

}  // namespace mo::quantize
