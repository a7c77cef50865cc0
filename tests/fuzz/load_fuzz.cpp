// libFuzzer target: bytes as an ONNX model. Whatever they are, reading gives a graph or one Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "onnx/read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    mo::onnx::read_bytes({reinterpret_cast<const char*>(data), size});
  } catch (const mo::Error& error) {
    if (error.message().empty() || error.message().size() > 100'000) __builtin_trap();
    if (error.code() == mo::Code::internal) __builtin_trap();
  }
  return 0;
}
