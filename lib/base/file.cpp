// Reading, mapping and atomic saving.
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>

#include "base/error.h"

namespace mo {

namespace {

std::string reason(int error) {
  char buffer[128];
  return strerror_r(error, buffer, sizeof buffer);  // the GNU form returns the text
}

// Temporary names only need to differ between writers; O_EXCL settles a collision.
std::string temporary_name() {
  static std::atomic<uint64_t> counter{0};
  static const uint64_t seed = std::random_device{}();
  return text(".mo-", static_cast<int64_t>(::getpid()), "-", (seed ^ (counter.fetch_add(1) * 0x9e3779b97f4a7c15u)) >> 20, ".tmp");
}

mode_t current_umask() {
  // The only portable reader of the umask sets it; /proc gives it without that race.
  if (Descriptor fd{::open("/proc/self/status", O_RDONLY | O_CLOEXEC)}; fd) {
    char text[1024];
    ssize_t n = ::read(fd.get(), text, sizeof text - 1);
    if (n > 0) {
      text[n] = 0;
      if (const char* at = std::strstr(text, "Umask:")) return static_cast<mode_t>(std::strtoul(at + 6, nullptr, 8));
    }
  }
  return 022;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

void Descriptor::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

// --- reading

FileReader::FileReader(const std::string& path) {
  require(path.find('\0') == std::string::npos, Code::invalid_argument, "path contains a NUL character");
  // O_NONBLOCK: opening a FIFO must not wait for a writer; it has no effect on regular files.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) fail(errno == ENOENT || errno == ENOTDIR ? Code::not_found : Code::io, "cannot open '", printable(path), "': ", reason(errno));
  adopt(std::move(fd), path);
}

void FileReader::adopt(Descriptor fd, std::string path) {
  struct stat st;
  require(::fstat(fd.get(), &st) == 0, Code::io, "cannot inspect '", printable(path), "': ", reason(errno));
  require(S_ISREG(st.st_mode), Code::io, "'", printable(path), "' is not a regular file");
  fd_ = std::move(fd);
  path_ = std::move(path);
  size_ = st.st_size;
}

int64_t FileReader::read_some(int64_t offset, void* dst, int64_t count) const {
  auto* out = static_cast<char*>(dst);
  int64_t done = 0;
  while (done < count) {
    ssize_t n = ::pread(fd_.get(), out + done, static_cast<size_t>(std::min<int64_t>(count - done, 1 << 30)), offset + done);
    if (n < 0 && errno == EINTR) continue;
    require(n >= 0, Code::io, "cannot read '", printable(path_), "': ", reason(errno));
    if (n == 0) break;
    done += n;
  }
  return done;
}

void FileReader::read_at(int64_t offset, void* dst, int64_t count) const {
  int64_t n = read_some(offset, dst, count);
  require(n == count, Code::io, "'", printable(path_), "' ends at byte ", offset + n, ", wanted ", count, " bytes from ", offset);
}

MappedFile::MappedFile(const FileReader& file) : size_(file.size()) {
  if (size_ == 0) return;
  void* p = ::mmap(nullptr, static_cast<size_t>(size_), PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  require(p != MAP_FAILED, Code::io, "cannot map '", printable(file.path()), "': ", reason(errno));
  data_ = static_cast<const uint8_t*>(p);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<uint8_t*>(data_), static_cast<size_t>(size_));
}

std::vector<char> read_file(const std::string& path, int64_t max_bytes) {
  FileReader file(path);
  require(file.size() <= max_bytes, Code::limit, "'", printable(path), "' has ", file.size(), " bytes, the limit is ", max_bytes);
  std::vector<char> bytes(static_cast<size_t>(file.size()));
  file.read_at(0, bytes.data(), file.size());
  return bytes;
}

// --- writing

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  require(!path_.empty() && path_.find('\0') == std::string::npos && path_.back() != '/', Code::invalid_argument, "'", printable(path_),
          "' is not a file name");
  struct stat st;
  if (::lstat(path_.c_str(), &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
    fail(Code::io, "cannot replace '", printable(path_), "': not a regular file");
  std::string folder = folder_of(path_);
  folder_ = Descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) fail(Code::io, "cannot write '", printable(path_), "': folder: ", reason(errno));
  // A file without a name, where the file system has such: a killed process leaves nothing behind. Its name comes with commit().
  if (::access("/proc/self/fd", X_OK) == 0) fd_ = Descriptor(::openat(folder_.get(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
  for (int attempt = 0; attempt < 100 && !fd_; ++attempt) {
    temporary_ = temporary_name();
    fd_ = Descriptor(::openat(folder_.get(), temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_ && errno != EEXIST) break;
  }
  if (!fd_) {
    int error = errno;
    temporary_.clear();
    fail(Code::io, "cannot write '", printable(path_), "': ", reason(error));
  }
  buffer_.reserve(1 << 18);
}

AtomicFile::~AtomicFile() { remove_temporary(); }

void AtomicFile::remove_temporary() noexcept {
  if (!temporary_.empty() && folder_) ::unlinkat(folder_.get(), temporary_.c_str(), 0);
  temporary_.clear();
  fd_.close();
}

void AtomicFile::failed(const char* verb, int error) {
  remove_temporary();
  fail(Code::io, "cannot ", verb, " '", printable(path_), "': ", reason(error));
}

void AtomicFile::write_out(const char* data, size_t count) {
  while (count > 0) {
    ssize_t n = ::write(fd_.get(), data, std::min<size_t>(count, 1u << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) failed("write", n < 0 ? errno : ENOSPC);
    data += n;
    count -= static_cast<size_t>(n);
  }
}

void AtomicFile::flush() {
  write_out(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void AtomicFile::write(const void* data, size_t count) {
  require(static_cast<bool>(fd_) && !staged_, Code::io, "cannot write '", printable(path_), "': the file is closed");
  const char* bytes = static_cast<const char*>(data);
  if (buffer_.size() + count > buffer_.capacity()) flush();
  if (count >= buffer_.capacity()) write_out(bytes, count);
  else buffer_.insert(buffer_.end(), bytes, bytes + count);
  position_ += static_cast<int64_t>(count);
}

void AtomicFile::pad_to(int64_t alignment) {
  static constexpr char k_zeros[256] = {};
  for (int64_t n = (alignment - position_ % alignment) % alignment; n > 0;) {
    int64_t step = std::min<int64_t>(n, sizeof k_zeros);
    write(k_zeros, static_cast<size_t>(step));
    n -= step;
  }
}

void AtomicFile::stage() {
  if (staged_) return;
  require(static_cast<bool>(fd_), Code::io, "cannot write '", printable(path_), "': the file is closed");
  flush();
  // A replaced file keeps its permissions; a new one gets what the umask allows.
  struct stat st;
  mode_t mode = ::stat(path_.c_str(), &st) == 0 ? (st.st_mode & 0777) : (0666 & ~current_umask());
  if (::fchmod(fd_.get(), mode) != 0) failed("set the mode of", errno);
  if (durable_ && ::fsync(fd_.get()) != 0) failed("sync", errno);
  staged_ = true;
}

void AtomicFile::commit() {
  stage();
  for (int attempt = 0; temporary_.empty(); ++attempt) {
    std::string name = temporary_name();
    if (::linkat(AT_FDCWD, text("/proc/self/fd/", fd_.get()).c_str(), folder_.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0) temporary_ = name;
    else if (errno != EEXIST || attempt > 100) failed("name", errno);
  }
  std::string base = path_.substr(path_.find_last_of('/') + 1);
  if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), base.c_str()) != 0) failed("rename to", errno);
  temporary_.clear();
  fd_.close();
  // The file is in place; some file systems refuse to sync a folder, which is not the caller's fault.
  if (durable_ && ::fsync(folder_.get()) != 0 && errno != EINVAL && errno != EROFS)
    fail(Code::io, "cannot sync the folder of '", printable(path_), "': ", reason(errno));
}

void write_file(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  file.write(contents.data(), contents.size());
  file.commit();
}

bool file_exists(const std::string& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0;
}

std::string folder_of(const std::string& path) {
  size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace mo
