// TypeProto to Type and back.
#pragma once
#include "graph/graph.h"

namespace onnx {
class TypeProto;
}

namespace mo::onnx {

graph::Type decode_type(const ::onnx::TypeProto& proto, int depth = 0);
void encode_type(const graph::Type& type, ::onnx::TypeProto& proto);

}  // namespace mo::onnx
