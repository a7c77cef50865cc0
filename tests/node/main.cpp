// mo_node_tests: runs the node tests of the onnx package and holds the result against the committed list of expected failures.
//
//   mo_node_tests CASES [--expected FILE] [--only TEXT] [--jobs N] [--seconds N] [--no-session] [--quiet]
//
// CASES is a folder written by tests/tools/node_tests.py. Exit status 0: every failure is listed and every listed case fails.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "base/error.h"
#include "node/case_files.h"
#include "node/isolate.h"
#include "node/run_case.h"

namespace {

struct Arguments {
  std::string cases, expected, only;
  int jobs = 2;
  unsigned seconds = 120;
  bool quiet = false;
  mo::node_tests::Engines engines;
};

Arguments parse(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    auto next = [&]() -> std::string {
      mo::require(i + 1 < argc, mo::Code::invalid_argument, word, " wants a value");
      return argv[++i];
    };
    if (word == "--expected") a.expected = next();
    else if (word == "--only") a.only = next();
    else if (word == "--jobs") a.jobs = std::stoi(next());
    else if (word == "--seconds") a.seconds = static_cast<unsigned>(std::stoi(next()));
    else if (word == "--no-session") a.engines.session = false;
    else if (word == "--no-interpreter") a.engines.interpreter = false;
    else if (word == "--quiet") a.quiet = true;
    else a.cases = word;
  }
  mo::require(!a.cases.empty(), mo::Code::invalid_argument, "wants the folder of cases");
  return a;
}

// Lines "name: reason"; '#' begins a comment.
std::map<std::string, std::string> read_expected(const std::string& path) {
  std::map<std::string, std::string> list;
  if (path.empty()) return list;
  std::ifstream file(path);
  mo::require(file.good(), mo::Code::io, "cannot read '", path, "'");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    size_t colon = line.find(':');
    mo::require(colon != std::string::npos, mo::Code::format, "'", path, "': no reason in '", line, "'");
    list[line.substr(0, colon)] = line.substr(std::min(colon + 2, line.size()));
  }
  return list;
}

int run(int argc, char** argv) {
  Arguments a = parse(argc, argv);
  std::map<std::string, std::string> expected = read_expected(a.expected);
  std::vector<std::string> names;
  for (std::string& name : mo::node_tests::case_names(a.cases))
    if (name.find(a.only) != std::string::npos) names.push_back(std::move(name));
  std::vector<std::string> results = mo::node_tests::run_isolated(
      names.size(), a.jobs, a.seconds, [&](size_t i) { return mo::node_tests::run_case(a.cases, names[i], a.engines); });
  int passed = 0, listed = 0, unlisted = 0, surprises = 0, crashed = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    bool ok = results[i].empty(), known = expected.contains(names[i]);
    passed += ok;
    if (results[i].starts_with("CRASH") || results[i].starts_with("TIMEOUT")) ++crashed;
    if (ok && known) {
      ++surprises;
      std::printf("passes, but is listed as failing: %s\n", names[i].c_str());
    }
    if (ok) continue;
    known ? ++listed : ++unlisted;
    if (!a.quiet || !known) std::printf("%s: %s%s\n", names[i].c_str(), results[i].c_str(), known ? " (listed)" : "");
  }
  std::printf("%d of %zu node tests pass; %d fail as listed, %d fail unlisted, %d listed ones pass, %d crash or hang\n", passed, names.size(), listed,
              unlisted, surprises, crashed);
  return unlisted == 0 && surprises == 0 && crashed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mo_node_tests: %s\n", e.what());
    return 2;
  }
}
