// Reads files whose size is not known beforehand, and walks cgroup paths.
#include "base/system_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace mo {

std::string read_system_file(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string out;
  if (!fd) return out;
  char block[4096];
  ssize_t n;
  while (out.size() < (1 << 20) && (n = ::read(fd.get(), block, sizeof block)) > 0) out.append(block, static_cast<size_t>(n));
  return out;
}

std::vector<std::string> cgroup_folders(const std::string& controller) {
  return cgroup_folders(controller, read_system_file("/proc/self/cgroup"), "/sys/fs/cgroup");
}

std::vector<std::string> cgroup_folders(const std::string& controller, const std::string& membership, const std::string& mount) {
  std::vector<std::string> folders;
  for (const std::string& line : split(membership, '\n')) {  // "4:cpu,cpuacct:/path" (v1) or "0::/path" (v2)
    size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string names = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    std::string tree = mount;
    if (!names.empty()) {
      std::vector<std::string> list = split(names, ',');
      if (std::find(list.begin(), list.end(), controller) == list.end()) continue;
      tree += "/" + names;
    }
    // Inside a container the path may not exist below the mount; its ancestors, down to the mount itself, still hold limits.
    while (path.size() > 1) {
      folders.push_back(tree + path);
      path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
    }
    folders.push_back(tree);
    if (!names.empty()) folders.push_back(mount + "/" + controller);  // v1 trees are also mounted under the plain name
  }
  return folders;
}

}  // namespace mo
