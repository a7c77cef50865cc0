// From ModelProto to graph::Model: names to ids, scopes and captures, constants, functions inlined, operators legalised.
#pragma once
#include "onnx/functions.h"
#include "onnx/read.h"
#include "onnx/tensor_codec.h"

namespace onnx {
class ModelProto;
}

namespace mo::onnx {

graph::Model decode_model(const ::onnx::ModelProto& proto, TensorDecoder& tensors, const ReadOptions& options);

}  // namespace mo::onnx
