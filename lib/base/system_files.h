// Small files of /proc and /sys, and where this process stands in the cgroup trees.
#pragma once
#include <string>
#include <vector>

namespace mo {

std::string read_system_file(const std::string& path);  // empty when it cannot be read
// Folders of the cgroups this process is in that carry `controller` ("cpu", "memory"), innermost first, up to the root; v2 and v1.
std::vector<std::string> cgroup_folders(const std::string& controller);
// The same from the text of /proc/self/cgroup, below the folder where the cgroup trees are mounted.
std::vector<std::string> cgroup_folders(const std::string& controller, const std::string& membership, const std::string& mount);

}  // namespace mo
