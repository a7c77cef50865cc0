// The scheme: how every node and tensor is quantized. decide() makes it, apply() follows it, JSON carries it elsewhere, and a search edits it.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tensor/dtype.h"

namespace mo::quantize {

// How a constant is stored. Rows are the output channels along `axis`; everything else of the tensor is its columns, in storage order.
struct WeightForm {
  DType dtype = DType::i8;           // i8, u8, i4, u4, f8e4m3fn, f8e5m2
  int bits = 8;                      // levels used, at most what dtype holds: 3-bit weights in an int4 container, 7 bits against saturation
  bool symmetric = true;             // zero point fixed at 0 (unsigned: in the middle)
  int64_t axis = -1;                 // one scale per index of it; -1: one in all
  int64_t block = 0;                 // > 0: one scale per so many consecutive columns of a row
  std::string range = "minmax";      // minmax, mse, hqq
  std::string rounding = "nearest";  // nearest, gptq, adaround
  std::vector<float> scale;          // [rows][blocks]; empty: chosen from the weights by `range`
  std::vector<int32_t> zero_point;   // as scale
  bool operator==(const WeightForm&) const = default;
};

struct ActivationForm {
  DType dtype = DType::u8;  // u8, i8, u16, i16, f8e4m3fn, f8e5m2
  float scale = 0;          // in overrides 0: chosen from statistics
  int32_t zero_point = 0;
  std::string shares;  // the value whose scale it takes over (outputs of nodes that only move elements)
  bool operator==(const ActivationForm&) const = default;
};

struct NodeForm {
  std::string how = "float";  // float, static, dynamic, dynamic_per_token, weight_only, weight_only_int8_inputs, fp16, bf16
  std::string op, reason;     // the operator, for readers; why it stays in float
  std::optional<WeightForm> weights;
  std::vector<float> bias_shift = {};  // what bias correction added to each channel; read when a scheme is followed, not in overrides
  bool operator==(const NodeForm&) const = default;
};

// Channels of an activation divided by `factor`, and the weights that read them multiplied (SmoothQuant, AWQ, equalization).
struct Rescale {
  std::string value;
  std::vector<float> factor;       // one per channel
  std::vector<std::string> nodes;  // that read the scaled value; others read the original
  bool past_bounds = false;        // the factor goes through a Clip, whose bounds stay: equalization saw that they do not touch what it scales
  bool operator==(const Rescale&) const = default;
};

struct Scheme {
  std::map<std::string, NodeForm> nodes;              // by node name: prepare() gives every node one
  std::map<std::string, ActivationForm> activations;  // by value name
  std::vector<Rescale> rescales;                      // in this order, before anything else
  bool operator==(const Scheme&) const = default;
};

std::string to_json(const Scheme& scheme);
Scheme scheme_from_json(std::string_view text, const std::string& where);  // Code::format naming the key

}  // namespace mo::quantize
