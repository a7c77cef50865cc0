// Files: reading, read-only mapping, opening below a folder without escaping it, and saves that are all or nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mo {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close() noexcept;

 private:
  int fd_ = -1;
};

// A regular file opened for reading. Its size is taken once, when it is opened; a file that shrinks later gives Code::io, not garbage.
class FileReader {
 public:
  explicit FileReader(const std::string& path);  // follows links: for paths that the user typed
  // Opens `location`, a relative path written by somebody else, below `base`. Refuses absolute paths, "..", NUL, symbolic links
  // anywhere in it, everything but regular files, and files with several hard links. Code::format for a bad location, Code::io otherwise.
  static FileReader open_below(const std::string& base, std::string_view location);

  int64_t size() const { return size_; }
  const std::string& path() const { return path_; }  // for messages
  int descriptor() const { return fd_.get(); }
  void read_at(int64_t offset, void* dst, int64_t count) const;  // exactly `count` bytes, else Code::io
  // Bytes really read, fewer than `count` only at the end of the file.
  int64_t read_some(int64_t offset, void* dst, int64_t count) const;

 private:
  FileReader() = default;
  void adopt(Descriptor fd, std::string path);
  Descriptor fd_;
  std::string path_;
  int64_t size_ = 0;
};

// A private read-only mapping. WARNING: when another program truncates the file while it is mapped, touching the lost pages kills
// the process (SIGBUS). So mapping is opt-in, for files that only the user's own programs can change; reading is the default.
class MappedFile {
 public:
  explicit MappedFile(const FileReader& file);  // maps the size that was checked when the file was opened
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const uint8_t* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  const uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

// The whole file; larger than `max_bytes` gives Code::limit before anything is allocated.
std::vector<char> read_file(const std::string& path, int64_t max_bytes);

// A file that appears under its name complete or not at all: written to a temporary file beside it, synced and renamed by commit().
// Destroyed without commit() it leaves nothing. A failed write names the path (Code::io).
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t count);  // buffered
  void pad_to(int64_t alignment);              // zeros up to a multiple of `alignment`
  int64_t position() const { return position_; }
  const std::string& path() const { return path_; }
  void commit();
  // Two files that belong together: stage() does all that can fail but the rename, then commit() both in turn.
  void stage();
  // For files that can be made again: a power cut may leave one with holes, which its reader has to notice; nothing is waited for.
  void not_durable() { durable_ = false; }

 private:
  void flush();
  void write_out(const char* data, size_t count);
  [[noreturn]] void failed(const char* verb, int error);
  void remove_temporary() noexcept;

  std::string path_, temporary_;
  Descriptor fd_, folder_;
  std::vector<char> buffer_;
  int64_t position_ = 0;
  bool staged_ = false, durable_ = true;
};

void write_file(const std::string& path, std::string_view contents);  // atomically
bool file_exists(const std::string& path);
std::string folder_of(const std::string& path);  // "." when the path has no folder

}  // namespace mo
