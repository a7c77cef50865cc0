// Reading ONNX models: protobuf bytes and external data in, a graph in the newest operator forms out.
#pragma once
#include <string>
#include <string_view>

#include "base/control.h"
#include "graph/graph.h"
#include "onnx/limits.h"

namespace mo::onnx {

enum class ExternalData : uint8_t {
  read,    // copied into memory: safe whatever happens to the file later
  map,     // mapped: instant and shared between processes, but a file that is truncated meanwhile kills the process (see base/file.h)
  refuse,  // a model that refers to other files is an error
};

struct ReadOptions {
  Limits limits = {};
  ExternalData external = ExternalData::read;
  std::string base_dir = {};  // where external data lies; read(path) takes the file's own folder, read_bytes refuses external data without one
  bool legalize = true;       // false keeps every operator in the form of the file (for tests and tools)
  Control* control = nullptr;
};

// The file is read once; raw tensor data goes straight into aligned memory of its own, so the peak is about the weights alone.
// Throws Error naming the file, and the node or tensor where one is to blame.
graph::Model read(const std::string& path, const ReadOptions& options = {});
graph::Model read_bytes(std::string_view bytes, const ReadOptions& options = {});

}  // namespace mo::onnx
