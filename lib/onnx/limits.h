// What a model file may ask for at most; every limit is checked before memory is taken. Raise one where a real model needs it.
#pragma once
#include <cstdint>

namespace mo::onnx {

struct Limits {
  int64_t file_bytes = (int64_t{1} << 31) - 1;  // of the .onnx file; protobuf itself ends at 2 GiB (weights may lie outside of it)
  int64_t structure_bytes = int64_t{1} << 29;   // of the file without its raw tensor data
  int64_t items = 20'000'000;                   // nodes, attributes, tensors and other messages
  int64_t nodes = 1'000'000;                    // after functions are inlined
  int64_t depth = 32;                           // of nested subgraphs and functions
  int64_t rank = 64;                            // of a tensor
  int64_t name_bytes = 65536;                   // of one name
  int64_t tensor_bytes = int64_t{1} << 38;      // of one tensor
  int64_t total_bytes = int64_t{1} << 40;       // of all tensors
};

}  // namespace mo::onnx
