// Dataset: real samples, streamed in batches of named tensors; never all of them in memory.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace mo::data {

// Some samples, stacked along axis 0. `label`: whatever the data set calls the truth ([n] or [n, ...]); empty when it has none.
struct Batch {
  std::vector<std::pair<std::string, Tensor>> inputs;
  Tensor label;
  int64_t count = 0;  // samples in it
};

struct OpenOptions {
  int64_t batch_size = 1;
  int64_t skip = 0;                      // samples left out at the start
  int64_t limit = -1;                    // at most this many after that; -1: all
  bool spread = false;                   // the `limit` samples evenly over all instead of the first ones
  std::string label = "label";           // the array of an .npz that is the truth
  std::string input;                     // name given to unnamed data (a .npy file, images without `input`)
  int64_t max_bytes = int64_t{8} << 30;  // of one decompressed array or image archive member
  int64_t prefetch = 1;                  // batches decoded ahead on a thread of their own; 0: none
};

// One at a time: not for concurrent calls.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::optional<Batch> next() = 0;  // empty at the end
  virtual void rewind() = 0;
  virtual int64_t count() const = 0;  // samples that next() will deliver in all, -1 when only reading tells
};

// path: an .npz (arrays named like the inputs, axis 0 = samples), an .npy, a folder of .npz/.npy/.pb samples, or a data set .yaml.
// Errors name the file: Code::not_found, Code::io, Code::format, Code::limit.
std::unique_ptr<Dataset> open(const std::string& path, const OpenOptions& options);

// Samples held in memory already: arrays with a common axis 0.
std::unique_ptr<Dataset> from_arrays(std::vector<std::pair<std::string, Tensor>> arrays, const OpenOptions& options);

// Stacks equally shaped samples (each without the batch axis) along a new axis 0.
Tensor stack(std::span<const Tensor> samples);
// Rows [from, to) of axis 0, sharing storage where the dtype allows.
Tensor rows(const Tensor& t, int64_t from, int64_t to);

}  // namespace mo::data
