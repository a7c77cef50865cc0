// A folder of .npz, .npy and TensorProto .pb files, one sample each (axis 0 is the batch axis of that sample), in the order of their names.
#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "data/npy.h"
#include "data/source.h"
#include "onnx/tensor_file.h"

namespace mo::data {

namespace {

class FolderSource : public Source {
 public:
  std::vector<std::string> files;
  OpenOptions options;

  int64_t count() const override { return static_cast<int64_t>(files.size()); }
  int64_t max_batch() const override { return 1; }
  Batch load(std::span<const int64_t> indices) override {
    const std::string& path = files[static_cast<size_t>(indices[0])];
    NamedTensors arrays;
    if (path.ends_with(".npz")) {
      arrays = read_npz(path, options.max_bytes);
    } else if (path.ends_with(".npy")) {
      arrays = {{options.input, read_npy(path, options.max_bytes)}};
    } else {
      std::vector<char> bytes = read_file(path, options.max_bytes);
      onnx::NamedTensor t = onnx::parse_tensor(bytes, path);
      arrays = {{t.name.empty() ? options.input : t.name, std::move(t.tensor)}};
    }
    Batch b;
    b.count = 1;
    for (auto& [name, t] : arrays) {
      if (name == options.label) b.label = std::move(t);
      else b.inputs.emplace_back(name, std::move(t));
    }
    require(!b.inputs.empty(), Code::format, path, ": holds no inputs");
    if (b.label && b.label.rank() > 0) b.count = b.label.dim(0);
    return b;
  }
};

}  // namespace

std::shared_ptr<Source> folder_source(const std::string& folder, const OpenOptions& options) {
  auto source = std::make_shared<FolderSource>();
  source->options = options;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::string suffix = entry.path().extension().string();
    if (suffix == ".npz" || suffix == ".npy" || suffix == ".pb") source->files.push_back(entry.path().string());
  }
  require(!error, Code::io, "folder ", printable(folder), ": ", error.message());
  require(!source->files.empty(), Code::not_found, "folder ", printable(folder),
          " holds no .npz, .npy or .pb samples (pictures need a data set .yaml)");
  std::sort(source->files.begin(), source->files.end());
  return source;
}

}  // namespace mo::data
