// Packed constants of one model in a folder: written once, mapped by every later session of this build on this kind of processor.
#pragma once
#include <mutex>
#include <optional>
#include <string>

#include "graph/graph.h"
#include "kernels/kernel.h"
#include "plan/pack_file.h"

namespace mo::plan {

class PackStore {
 public:
  static constexpr int64_t k_least_bytes = 4096;  // smaller constants are packed as fast as they are found

  // Opens what `folder` holds for models of this form; an unfit file is a warning.
  PackStore(const std::string& folder, const graph::Graph& model);

  // The pack from the file, else made now and kept for save(). `key`: of the contents, too.
  kernels::Pack get(const ContentHash& key, int64_t bytes, const std::function<kernels::Pack()>& make);
  // Writes what was made since, beside what the file holds. What goes wrong is a warning: the packs are in memory.
  void save();

  struct Counts {
    int64_t made = 0, mapped = 0;
  };
  Counts counts() const;

 private:
  mutable std::mutex mutex_;
  std::optional<PackFile> file_;
  PackFile::Items made_;
  bool unsaved_ = false;
  Counts counts_;
};

}  // namespace mo::plan
