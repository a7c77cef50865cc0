// Reading the folders of exported node tests.
#include "node/case_files.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "onnx/tensor_file.h"

namespace mo::node_tests {

namespace {

Datum read_datum(const std::string& path, const std::string& kind) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), Code::io, "cannot read '", path, "'");
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (kind == "sequence") return onnx::parse_sequence(bytes, path);
  if (kind == "optional") return onnx::parse_optional(bytes, path);
  return onnx::parse_tensor(bytes, path).tensor;
}

}  // namespace

std::vector<std::string> case_names(const std::string& root) {
  std::ifstream file(root + "/cases.txt");
  require(file.good(), Code::not_found, "'", root, "/cases.txt' does not exist; tests/tools/node_tests.py writes it");
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) names.push_back(line);
  return names;
}

Case read_case(const std::string& root, const std::string& name) {
  Case c;
  c.name = name;
  c.folder = root + "/" + name;
  std::ifstream file(c.folder + "/case.txt");
  require(file.good(), Code::not_found, "'", c.folder, "/case.txt' does not exist");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key, kind;
    int index;
    words >> key;
    if (key == "rtol") words >> c.rtol;
    else if (key == "atol") words >> c.atol;
    else if (key == "input" || key == "output") {
      words >> index >> kind;
      (key == "input" ? c.inputs : c.outputs).push_back(read_datum(c.folder + "/" + key + "_" + std::to_string(index) + ".pb", kind));
    }
  }
  return c;
}

}  // namespace mo::node_tests
