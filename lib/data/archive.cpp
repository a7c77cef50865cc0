// libarchive restricted to tar, zip and gzip; entries that are not regular files are passed over.
#include "data/archive.h"

#include <archive.h>
#include <cerrno>

#include <archive_entry.h>

#include "base/error.h"

namespace mo::data {

ArchiveReader::ArchiveReader(std::string path) : path_(std::move(path)), handle_(archive_read_new()) {
  if (!handle_) throw std::bad_alloc();
  archive_read_support_format_tar(handle_);
  archive_read_support_format_zip(handle_);
  archive_read_support_filter_gzip(handle_);
  if (archive_read_open_filename(handle_, path_.c_str(), 1 << 16) != ARCHIVE_OK) {
    std::string why = printable(archive_error_string(handle_) ? archive_error_string(handle_) : "not an archive");
    Code code = archive_errno(handle_) == ENOENT ? Code::not_found : Code::io;
    archive_read_free(handle_);
    fail(code, printable(path_), ": ", why);
  }
}

ArchiveReader::~ArchiveReader() { archive_read_free(handle_); }

void ArchiveReader::broken() {
  const char* why = archive_error_string(handle_);
  fail(Code::format, path_, entry_.empty() ? "" : "/", printable(entry_), ": ", printable(why ? why : "damaged archive"));
}

bool ArchiveReader::next(std::string& name) {
  while (true) {
    archive_entry* entry = nullptr;
    int status = archive_read_next_header(handle_, &entry);
    if (status == ARCHIVE_EOF) return false;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) broken();
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const char* path = archive_entry_pathname(entry);
    if (!path) continue;
    name = entry_ = path;
    return true;
  }
}

void ArchiveReader::read(int64_t max_bytes, const std::function<void(const char*, size_t)>& piece) {
  int64_t total = 0;
  while (true) {
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    int status = archive_read_data_block(handle_, &data, &size, &offset);
    if (status == ARCHIVE_EOF) return;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) broken();
    require(offset == total, Code::format, path_, "/", printable(entry_), ": sparse archive entries are not read");
    total += static_cast<int64_t>(size);
    require(total <= max_bytes, Code::limit, path_, "/", printable(entry_), ": larger than the limit of ", max_bytes, " bytes");
    if (size > 0) piece(static_cast<const char*>(data), size);
  }
}

std::vector<char> ArchiveReader::read(int64_t max_bytes) {
  std::vector<char> out;
  read(max_bytes, [&](const char* data, size_t size) { out.insert(out.end(), data, data + size); });
  return out;
}

bool is_archive_name(const std::string& path) {
  for (std::string_view suffix : {".tar", ".tar.gz", ".tgz", ".zip"})
    if (path.size() > suffix.size() && std::string_view(path).ends_with(suffix)) return true;
  return false;
}

}  // namespace mo::data
