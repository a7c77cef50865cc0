// The bounded first walk over a model's bytes: raw tensor data goes straight into tensors, the rest becomes a small message for protobuf.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/control.h"
#include "base/file.h"
#include "onnx/limits.h"
#include "tensor/tensor.h"

namespace mo::onnx {

// Data taken out of one TensorProto. The stripped message refers to it by its index, kept in the (otherwise unused) field `segment`.
struct StrippedData {
  bool has_raw = false;
  Tensor raw;                  // of the final dtype and shape when these came first, else uint8[bytes]
  std::vector<Tensor> chunks;  // long packed float_data or double_data, as uint8[bytes]
};

struct Stripped {
  std::string structure;  // a ModelProto (TensorProto, ...) without raw data
  std::vector<StrippedData> data;
  int64_t data_bytes = 0;  // in all `data`
};

enum class Root : uint8_t { model, tensor, sequence, optional };

Stripped strip(std::string_view bytes, Root root, const Limits& limits, Control* control);
Stripped strip(const FileReader& file, const Limits& limits, Control* control);  // a model

}  // namespace mo::onnx
