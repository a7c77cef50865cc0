// A file of packed constants: written whole, mapped read-only, believed only where its checksums fit.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "kernels/kernel.h"

namespace mo::plan {

class PackFile {
 public:
  // The file of this identity below `folder`: opened if it is there and fits, with a warning if it is there and does not.
  PackFile(std::string folder, const std::string& identity);

  // Empty when absent or damaged (a warning). Lives as long as its pointer, whatever is put in place of the file.
  kernels::Pack find(const ContentHash& key, int64_t bytes);
  struct Item {
    kernels::Pack data;
    int64_t bytes;
  };
  using Items = std::map<ContentHash, Item>;
  // Puts a new file in place of the old one, with these packs and those of the old one that are whole. Processes that write at once: the last one
  // wins, and none ever reads half a file. Throws Code::io.
  void save(const Items& packs);

  const std::string& name() const { return name_; }

 private:
  struct Row {
    ContentHash key;
    uint64_t offset, bytes;
    ContentHash contents;
  };
  void open();
  void read();
  const char* whole(const Row& row) const;  // its bytes, null when they are not what was written

  std::string folder_, name_;
  ContentHash identity_;
  std::shared_ptr<const MappedFile> map_;
  std::map<ContentHash, Row> rows_;
};

}  // namespace mo::plan
