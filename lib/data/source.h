// Source: samples by index, behind every kind of data set; select(), batching and prefetch are made once, around it.
#pragma once
#include <memory>
#include <vector>

#include "data/dataset.h"

namespace mo::data {

class Source {
 public:
  virtual ~Source() = default;
  virtual int64_t count() const = 0;
  // The samples with these numbers, stacked. Called from one thread at a time.
  virtual Batch load(std::span<const int64_t> indices) = 0;
  // How many samples fit into one batch at most: 1 when each sample is already a batch of its own.
  virtual int64_t max_batch() const { return INT64_MAX; }
};

// Which samples of a source, in which order.
struct Selection {
  int64_t skip = 0, every = 1, count = -1;  // count -1: all
  bool invert = false;                      // exactly the others
};
std::vector<int64_t> select(int64_t total, const Selection& selection);

// A data set that walks `indices` of the source in batches, loading ahead on a thread of its own when options.prefetch > 0.
std::unique_ptr<Dataset> batched(std::shared_ptr<Source> source, std::vector<int64_t> indices, const OpenOptions& options);

// Kinds of source.
std::shared_ptr<Source> array_source(std::vector<std::pair<std::string, Tensor>> arrays, const std::string& label, const std::string& where);
std::shared_ptr<Source> folder_source(const std::string& folder, const OpenOptions& options);

// A .yaml data set: its source and the selection it names.
struct Described {
  std::shared_ptr<Source> source;
  Selection selection;
};
Described described_source(const std::string& yaml_path, const OpenOptions& options);

}  // namespace mo::data
