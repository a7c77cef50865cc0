// Index and random access for pictures; archives are spooled to a temporary file that has no name.
#include "data/picture_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "data/archive.h"

namespace mo::data {

namespace {

bool is_picture(std::string name) {
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (std::string_view suffix : {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tga", ".ppm", ".pgm"})
    if (name.ends_with(suffix)) return true;
  return false;
}

int temporary_file() {
  const char* folder = std::getenv("TMPDIR");
  std::string base = folder && *folder ? folder : "/tmp";
  int fd = ::open(base.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    std::string name = base + "/libmo-XXXXXX";
    fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd >= 0) ::unlink(name.c_str());
  }
  require(fd >= 0, Code::io, "temporary file in ", base, ": ", std::strerror(errno));
  return fd;
}

}  // namespace

PictureStore::PictureStore(const std::string& path, int64_t max_bytes) : root_(path), max_bytes_(max_bytes) {
  try {
    if (std::filesystem::is_directory(path)) index_folder();
    else if (is_archive_name(path)) spool_archive();
    else
      fail(std::filesystem::exists(path) ? Code::invalid_argument : Code::not_found, "pictures ", printable(path),
           std::filesystem::exists(path) ? " are neither a folder nor a .tar, .tar.gz or .zip" : " do not exist");
    require(!entries_.empty(), Code::not_found, printable(path), ": holds no pictures");
  } catch (...) {
    if (spool_ >= 0) ::close(spool_);
    throw;
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
}

PictureStore::~PictureStore() {
  if (spool_ >= 0) ::close(spool_);
}

void PictureStore::index_folder() {
  std::error_code error;
  for (auto it = std::filesystem::recursive_directory_iterator(root_, error); !error && it != std::filesystem::recursive_directory_iterator();
       it.increment(error))
    if (it->is_regular_file() && is_picture(it->path().filename().string()))
      entries_.push_back({std::filesystem::relative(it->path(), root_).string(), 0, -1});
  require(!error, Code::io, "folder ", printable(root_), ": ", error.message());
}

void PictureStore::spool_archive() {
  ArchiveReader archive(root_);
  spool_ = temporary_file();
  std::string name;
  int64_t at = 0;
  while (archive.next(name)) {
    if (!is_picture(name)) continue;
    int64_t from = at;
    archive.read(max_bytes_ - at, [&](const char* data, size_t size) {
      while (size > 0) {
        ssize_t n = ::write(spool_, data, size);
        if (n < 0 && errno == EINTR) continue;
        require(n > 0, Code::io, "unpacking ", root_, " into a temporary file: ", std::strerror(errno));
        data += n, size -= static_cast<size_t>(n), at += n;
      }
    });
    while (name.starts_with("./")) name.erase(0, 2);
    entries_.push_back({name, from, at - from});
  }
}

std::string PictureStore::folder(int64_t i) const {
  const std::string& p = path(i);
  size_t end = p.rfind('/');
  if (end == std::string::npos) return "";
  size_t begin = end == 0 ? std::string::npos : p.rfind('/', end - 1);
  return begin == std::string::npos ? p.substr(0, end) : p.substr(begin + 1, end - begin - 1);
}

std::vector<char> PictureStore::read(int64_t i) const {
  const Entry& e = entries_[static_cast<size_t>(i)];
  if (spool_ < 0) return read_file(root_ + "/" + e.path, max_bytes_);
  std::vector<char> out(static_cast<size_t>(e.size));
  int64_t done = 0;
  while (done < e.size) {
    ssize_t n = ::pread(spool_, out.data() + done, static_cast<size_t>(e.size - done), e.offset + done);
    if (n < 0 && errno == EINTR) continue;
    require(n > 0, Code::io, where(i), ": ", std::strerror(errno));
    done += n;
  }
  return out;
}

}  // namespace mo::data
