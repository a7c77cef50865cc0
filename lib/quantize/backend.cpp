// Target profiles: what each runtime wants of types, symmetry and format.
#include <algorithm>

#include "quantize/decide.h"

namespace mo::quantize {

namespace {

void one_of(const char* key, const std::string& value, const std::vector<std::string>& choices) {
  require(std::find(choices.begin(), choices.end(), value) != choices.end(), Code::invalid_argument, key, " must be one of ", join(choices, ", "),
          "; got '", printable(value), "'");
}

bool narrow(const std::string& precision) { return precision == "int4" || precision == "uint4" || precision == "int3" || precision == "int2"; }

}  // namespace

Options for_backend(const Options& wanted, bool samples, Result& result) {
  Options o = wanted;
  one_of("mode", o.mode, {"static", "dynamic", "weight_only"});
  one_of("precision", o.precision, {"int8", "uint8", "int4", "uint4", "int3", "int2", "fp8_e4m3", "fp8_e5m2", "fp16", "bf16"});
  one_of("granularity", o.granularity, {"auto", "per_channel", "per_tensor", "per_row", "per_block"});
  one_of("weight_range", o.weight_range, {"auto", "minmax", "mse", "hqq"});
  one_of("rounding", o.rounding, {"auto", "nearest", "gptq", "adaround"});
  one_of("activation_type", o.activation_type, {"auto", "uint8", "int8", "uint16", "int16", "fp8_e4m3", "fp8_e5m2"});
  one_of("activation_scale", o.activation_scale, {"per_tensor", "per_token"});
  one_of("backend", o.backend, {"onnxruntime", "openvino", "tensorrt", "portable"});
  one_of("format", o.format, {"auto", "qdq", "qoperator", "matmul_nbits"});
  one_of("integer_io", o.integer_io, {"none", "inputs", "outputs", "both"});
  for (const std::string& c : o.corrections) one_of("corrections", c, {"auto", "none", "equalization", "smoothquant", "awq", "bias_correction"});
  one_of("rounding_inputs", o.rounding_inputs, {"quantized", "float"});
  one_of("last_product", o.last_product, {"auto", "same", "int8"});
  one_of("small_weights", o.small_weights, {"auto", "same"});
  require(o.block_size == 0 || (o.block_size >= 16 && o.block_size <= 256 && (o.block_size & (o.block_size - 1)) == 0), Code::invalid_argument,
          "block_size must be 0, 16, 32, 64, 128 or 256, got ", o.block_size);
  bool fp8 = o.precision.starts_with("fp8");
  require(!fp8 || o.mode != "dynamic", Code::invalid_argument, "precision ", o.precision, " has no dynamic form");
  require(!narrow(o.precision) || o.mode != "dynamic", Code::invalid_argument,
          "mode dynamic wants 8-bit weights: the integer operators have no narrower ones; use mode weight_only or static");
  require(o.format != "matmul_nbits" || o.mode == "weight_only", Code::invalid_argument,
          "format matmul_nbits holds weights only: set mode weight_only");
  require(o.format != "qoperator" || o.mode == "static", Code::invalid_argument, "format qoperator is a form of mode static");
  require(o.integer_io == "none" || o.mode == "static", Code::invalid_argument, "integer_io needs mode static");
  if (o.backend == "tensorrt") {
    require(o.mode != "dynamic", Code::invalid_argument, "backend tensorrt has no dynamic int8");
    require(o.format == "auto" || o.format == "qdq", Code::invalid_argument, "backend tensorrt reads Q/DQ only");
    require(o.activation_type == "auto" || o.activation_type == "int8" || fp8, Code::invalid_argument, "backend tensorrt wants int8 activations");
    require(o.precision != "uint8" && o.precision != "uint4", Code::invalid_argument, "backend tensorrt wants signed weights");
    o.activation_symmetric = true, o.weight_symmetric = true;
    if (o.activation_type == "auto" && !fp8) o.activation_type = "int8";
    if (o.mode == "weight_only" && narrow(o.precision) && o.block_size == 0) o.block_size = 128;
  }
  if (o.backend == "openvino")
    require(o.format != "qoperator", Code::invalid_argument, "backend openvino wants Q/DQ: it reads few of the QLinear operators");
  if (o.backend == "portable") {
    require(!fp8 && !narrow(o.precision), Code::invalid_argument, "backend portable stays within opset 13, which has 8-bit types only");
    require(o.activation_type == "auto" || o.activation_type == "uint8" || o.activation_type == "int8", Code::invalid_argument,
            "backend portable stays within opset 13, which has 8-bit types only");
    require(o.format != "matmul_nbits", Code::invalid_argument, "backend portable uses standard operators only");
    if (o.mode != "weight_only" && o.precision == "int8" && !o.reduce_range) {
      o.reduce_range = true;
      result.warnings.push_back(
          "backend portable: weights use 7 bits, because a runtime on an x86 processor without VNNI may saturate sums of uint8 by int8 products");
    }
  }
  if (o.activation_type == "auto") o.activation_type = fp8 ? o.precision : "uint8";
  require(!fp8 || o.mode == "weight_only" || o.activation_type.starts_with("fp8"), Code::invalid_argument, "fp8 weights want fp8 activations");
  if (o.backend == "onnxruntime" && o.mode != "weight_only" && o.activation_type.starts_with("fp8"))
    result.warnings.push_back(
        "ONNX Runtime 1.31 refuses products of fp8 activations, which it fuses into integer operators: load this with graph optimizations off");
  if (o.format == "auto" && o.mode == "weight_only" && narrow(o.precision) && o.backend == "onnxruntime") o.format = "matmul_nbits";
  if (o.format == "auto") o.format = "qdq";
  require(
      o.mode != "weight_only" || wanted.activation_type != "int8" || o.format == "matmul_nbits" || o.backend == "tensorrt", Code::invalid_argument,
      "activation_type int8 in mode weight_only is a permission that only format matmul_nbits carries (backend onnxruntime, weights below 8 bits)");
  if (o.granularity == "auto") o.granularity = o.mode == "weight_only" && narrow(o.precision) ? "per_block" : "per_channel";
  require(o.format != "matmul_nbits" || o.granularity == "per_block", Code::invalid_argument,
          "format matmul_nbits has one scale per block: set granularity per_block");
  bool blocks = o.mode == "weight_only" && narrow(o.precision) && o.granularity == "per_block";
  if (!blocks) o.last_product = "same";
  if (!o.weight_symmetric && !(blocks && o.backend == "onnxruntime" && o.block_size <= 64)) o.weight_symmetric = true;
  if (o.rounding == "auto") o.rounding = samples && narrow(o.precision) ? "adaround" : "nearest";
  if (o.weight_range == "auto") o.weight_range = narrow(o.precision) ? "mse" : "minmax";
  return o;
}

bool mixes_signs(const Options& o) {
  const bool eight_bit_inputs = o.activation_type == "auto" || o.activation_type == "uint8",
             signed_weights = o.precision == "int8" || narrow(o.precision);
  return o.mode != "weight_only" && eight_bit_inputs && signed_weights && !o.reduce_range && (o.backend == "onnxruntime" || o.backend == "openvino");
}

}  // namespace mo::quantize
