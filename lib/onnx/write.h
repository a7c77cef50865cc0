// Writing ONNX models: standard operators, the lowest opset and IR version that say what the graph holds, the same bytes every time.
#pragma once
#include <functional>
#include <string>

#include "base/control.h"
#include "graph/graph.h"

namespace mo::onnx {

enum class Outside : uint8_t {
  automatic,  // tensors go into a file of their own only when the model would pass protobuf's 2 GiB
  never,
  always,
};

struct WriteOptions {
  int64_t opset = 0;       // of the standard operators; 0: what the nodes need, at least 13 and at least that of the file it came from
  int64_t ir_version = 0;  // 0: what opset and types need
  Outside outside = Outside::automatic;
  int64_t outside_from_bytes = 1024;  // smaller tensors stay inside
  bool value_types = true;            // write the types of intermediate values
  Control* control = nullptr;
};

// Saves atomically: the old model stays whole until the new one is complete. With tensors outside, "<file name>.<12 hex digits of their
// SHA-256>.data" lies beside it, written piece by piece: nothing is copied in memory. Such files of earlier saves to `path` are then removed.
void write(const graph::Model& model, const std::string& path, const WriteOptions& options = {});
std::string write_bytes(const graph::Model& model, const WriteOptions& options = {});
// Streams the bytes that write_bytes would return; also beyond 2 GiB (for digests).
void write_to(const graph::Model& model, const WriteOptions& options, const std::function<void(const void* data, size_t bytes)>& sink);
// SHA-256 of write_to with default options, as hex: equal models have equal digests.
std::string digest(const graph::Model& model);

// What the versions come to; throws Code::unsupported when an opset is asked for that cannot hold the graph.
struct Versions {
  int64_t ir = 0;
  std::vector<std::pair<std::string, int64_t>> opsets;  // "" first, then by name
};
Versions choose_versions(const graph::Model& model, const WriteOptions& options = {});

}  // namespace mo::onnx
