// Opening a location named by a model below its folder, so that no name, link or race leads outside of it.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace mo {

namespace {

// Splits and judges the text alone; what the file system holds is judged by the open itself.
std::vector<std::string> checked_components(std::string_view location) {
  auto bad = [&](const char* why) { fail(Code::format, "external data location '", printable(location), "' ", why); };
  if (location.empty()) bad("is empty");
  if (location.size() > 4000) bad("is too long");
  if (location.find('\0') != std::string_view::npos) bad("contains a NUL character");
  if (location.find('\\') != std::string_view::npos) bad("contains a backslash");
  if (location.front() == '/') bad("is absolute");
  if (location.size() > 1 && location[1] == ':') bad("names a drive");
  std::vector<std::string> parts;
  for (std::string& part : split(location, '/')) {
    if (part == "..") bad("leaves the model's folder");
    if (part.empty() || part == ".") continue;
    parts.push_back(std::move(part));
  }
  if (parts.empty()) bad("names no file");
  return parts;
}

int open_by_kernel(int folder, const std::string& relative) {
  struct open_how how;
  std::memset(&how, 0, sizeof how);
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, folder, relative.c_str(), &how, sizeof how));
}

// For kernels and sandboxes without openat2: one component at a time, none of them a link.
int open_by_steps(int folder, const std::vector<std::string>& parts) {
  Descriptor here(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
  for (size_t i = 0; i < parts.size(); ++i) {
    bool last = i + 1 == parts.size();
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
    int fd = ::openat(here.get(), parts[i].c_str(), flags);
    if (fd < 0 && errno == ENOTDIR) {  // said of a link to a folder too
      struct stat st;
      const bool link = ::fstatat(here.get(), parts[i].c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
      errno = link ? ELOOP : ENOTDIR;
    }
    if (fd < 0 || last) return fd;
    here = Descriptor(fd);
  }
  return -1;
}

}  // namespace

FileReader FileReader::open_below(const std::string& base, std::string_view location) {
  std::vector<std::string> parts = checked_components(location);
  std::string relative = join(parts, "/"), folder_name = base.empty() ? "." : base;
  Descriptor folder(::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  require(static_cast<bool>(folder), Code::io, "cannot open folder '", printable(folder_name), "': ", strerrordesc_np(errno));
  int fd = open_by_kernel(folder.get(), relative);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL)) fd = open_by_steps(folder.get(), parts);
  if (fd < 0) {
    bool link = errno == ELOOP || errno == EXDEV;
    const char* why = link ? "a symbolic link is in the way" : strerrordesc_np(errno);
    fail(link                                  ? Code::format
         : errno == ENOENT || errno == ENOTDIR ? Code::not_found
                                               : Code::io,
         "external data file '", printable(location), "': ", why);
  }
  Descriptor file(fd);
  struct stat st;
  require(::fstat(fd, &st) == 0 && S_ISREG(st.st_mode), Code::format, "external data file '", printable(location), "' is not a regular file");
  require(st.st_nlink == 1, Code::format, "external data file '", printable(location), "' has ", static_cast<int64_t>(st.st_nlink),
          " hard links, wanted 1");
  FileReader reader;
  reader.adopt(std::move(file), folder_name + "/" + relative);
  return reader;
}

}  // namespace mo
