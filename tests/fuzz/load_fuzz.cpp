// libFuzzer target: bytes as an ONNX model. Whatever they are, reading gives a graph or one Error, and so do inference and writing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "onnx/read.h"
#include "onnx/write.h"
#include "ops/op.h"

namespace {

// Runs `work`; an Error has to be one that a user can be shown.
template <class F>
bool survives(F&& work) {
  try {
    work();
    return true;
  } catch (const mo::Error& error) {
    if (error.message().empty() || error.message().size() > 100'000) __builtin_trap();
    if (error.code() == mo::Code::internal) __builtin_trap();
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mo::graph::Model model;
  if (!survives([&] { model = mo::onnx::read_bytes({reinterpret_cast<const char*>(data), size}); })) return 0;
  survives([&] { mo::ops::infer_graph(model.graph); });
  std::string bytes;
  if (!survives([&] { bytes = mo::onnx::write_bytes(model); })) return 0;
  // What was written can be read, and says the same.
  if (!survives([&] { model = mo::onnx::read_bytes(bytes); })) __builtin_trap();
  survives([&] {
    if (mo::onnx::write_bytes(model) != bytes) __builtin_trap();
  });
  return 0;
}
