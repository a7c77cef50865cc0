// A file of sensitivities found so far, so that a search that was stopped, or asked again, goes on from there.
#pragma once
#include <map>
#include <string>

#include "search/sensitivity.h"

namespace mo::search {

class SensitivityCache {
 public:
  // What the file holds under another key (another model, other options) is dropped. path "": remembers nothing. A damaged file: Code::format.
  SensitivityCache(std::string path, std::string key);
  ~SensitivityCache();  // writes what was added; failure to write is not an error of the search
  SensitivityCache(const SensitivityCache&) = delete;
  SensitivityCache& operator=(const SensitivityCache&) = delete;

  bool find(const std::string& name, Sensitivity& row) const;  // sets all but unit and precision
  void add(const std::string& name, const Sensitivity& row);

 private:
  std::string path_, key_;
  std::map<std::string, Sensitivity> rows_;
  bool changed_ = false;
};

}  // namespace mo::search
