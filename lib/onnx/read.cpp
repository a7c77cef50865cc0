// The way of a file: stripped of raw data, parsed by protobuf, decoded.
#include "onnx/read.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <mutex>

#include "base/error.h"
#include "onnx/decode.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/strip.h"

namespace mo::onnx {

namespace {

// protobuf prints to standard error otherwise; its messages are replaced by ours.
void silence_protobuf() {
  static std::once_flag once;
  std::call_once(once, [] { google::protobuf::SetLogHandler(nullptr); });
}

graph::Model decode(Stripped stripped, const ReadOptions& options) {
  silence_protobuf();
  ::onnx::ModelProto proto;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(stripped.structure.data()), static_cast<int>(stripped.structure.size()));
  in.SetRecursionLimit(static_cast<int>(4 * options.limits.depth + 40));  // graph, node, attribute, tensor; types
  require(proto.MergePartialFromCodedStream(&in) && in.ConsumedEntireMessage(), Code::format, "not a valid ONNX model: protobuf cannot parse it");
  stripped.structure = std::string();
  ExternalFiles external(options);
  TensorDecoder tensors(stripped, &external, options.limits);
  return decode_model(proto, tensors, options);
}

}  // namespace

graph::Model read_bytes(std::string_view bytes, const ReadOptions& options) {
  return decode(strip(bytes, Root::model, options.limits, options.control), options);
}

graph::Model read(const std::string& path, const ReadOptions& options) {
  FileReader file(path);
  ReadOptions with_base = options;
  if (with_base.base_dir.empty()) with_base.base_dir = folder_of(path);
  try {
    return decode(strip(file, options.limits, options.control), with_base);
  } catch (const Error& e) {
    if (e.code() == Code::cancelled || e.code() == Code::deadline) throw;
    Error named(e.code(), text("'", printable(path), "': ", e.message()));
    named.at(e.node(), e.op());
    throw named;
  }
}

}  // namespace mo::onnx
