// Tensors whose bytes lie in other files: opened below the model's folder, ranges checked against the file and against each other.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "onnx/read.h"
#include "tensor/tensor.h"

namespace onnx {
class TensorProto;
}

namespace mo::onnx {

class ExternalFiles {
 public:
  explicit ExternalFiles(const ReadOptions& options) : options_(options) {}
  Tensor load(const ::onnx::TensorProto& proto, DType dtype, const Shape& shape, int64_t bytes);

 private:
  struct File {
    FileReader reader;
    std::shared_ptr<MappedFile> map;
    std::map<int64_t, std::pair<int64_t, Tensor>> ranges;  // offset -> (bytes, what was loaded from there)
  };
  File& open(const std::string& location);

  const ReadOptions& options_;
  std::map<std::string, File> files_;
  int64_t total_ = 0;
};

}  // namespace mo::onnx
