// The real models beside the checkout (../shared/models), looked for from the working folder upward; empty when they are absent.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

inline std::string shared_folder() {
  for (std::filesystem::path p = std::filesystem::current_path(); p.has_relative_path(); p = p.parent_path()) {
    std::error_code ignored;
    if (std::filesystem::is_directory(p / "shared/models", ignored)) return (p / "shared").string();
  }
  return {};
}

inline std::vector<std::string> shared_models() {
  std::vector<std::string> paths;
  std::string folder = shared_folder();
  if (folder.empty()) return paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/models"))
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}
