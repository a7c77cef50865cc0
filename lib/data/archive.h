// Reading .tar, .tar.gz and .zip archives, entry by entry (libarchive).
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct archive;

namespace mo::data {

class ArchiveReader {
 public:
  explicit ArchiveReader(std::string path);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  bool next(std::string& name);  // the next regular file; false at the end
  // Its contents, in pieces; throws Code::limit when it turns out larger than max_bytes, whatever its header says.
  void read(int64_t max_bytes, const std::function<void(const char* data, size_t size)>& piece);
  std::vector<char> read(int64_t max_bytes);

 private:
  [[noreturn]] void broken();
  std::string path_, entry_;
  struct archive* handle_;
};

bool is_archive_name(const std::string& path);  // by suffix: .tar .tar.gz .tgz .zip

}  // namespace mo::data
