// Pictures of a folder tree or of an archive, by number, in the order of their paths.
#pragma once
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace mo::data {

class PictureStore {
 public:
  // path: a folder with class folders, or a .tar / .tar.gz / .zip of them. An archive is unpacked once into an unnamed temporary file
  // (freed with the store), so that pictures can be read in any order without holding them in memory.
  PictureStore(const std::string& path, int64_t max_bytes);
  ~PictureStore();
  PictureStore(const PictureStore&) = delete;
  PictureStore& operator=(const PictureStore&) = delete;

  int64_t count() const { return static_cast<int64_t>(entries_.size()); }
  const std::string& path(int64_t i) const { return entries_[static_cast<size_t>(i)].path; }  // inside the folder or archive
  std::string folder(int64_t i) const;                                                        // name of the folder it lies in
  std::vector<char> read(int64_t i) const;
  std::string where(int64_t i) const { return root_ + "/" + printable(path(i)); }

 private:
  struct Entry {
    std::string path;
    int64_t offset, size;
  };
  void index_folder();
  void spool_archive();

  std::string root_;
  int64_t max_bytes_;
  int spool_ = -1;  // descriptor of the temporary file; -1 for a folder
  std::vector<Entry> entries_;
};

}  // namespace mo::data
