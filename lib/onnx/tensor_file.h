// A single TensorProto as a file (.pb), as ONNX test data holds them.
#pragma once
#include <span>
#include <string>

#include "tensor/datum.h"

namespace mo::onnx {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// `where` names the bytes in errors. External data is refused.
NamedTensor parse_tensor(std::span<const char> bytes, std::string_view where);
// SequenceProto and OptionalProto of tensors (or of such), as ONNX test data holds them.
Datum parse_sequence(std::span<const char> bytes, std::string_view where);
Datum parse_optional(std::span<const char> bytes, std::string_view where);
std::string serialize_tensor(const NamedTensor& tensor);

}  // namespace mo::onnx
