// mo_node_tests: runs the node tests of the onnx package and holds the result against the committed list of expected failures.
//
//   mo_node_tests CASES [--expected FILE] [--only TEXT] [--jobs N] [--seconds N] [--no-session] [--quiet] [--covered FILE]
//   mo_node_tests CASES --mutate [--every N] [--only TEXT] [--jobs N] [--seconds N] [--memory-mb N]
//
// CASES is a folder written by tests/tools/node_tests.py. Exit status 0: every failure is listed and every listed case fails. --mutate runs
// hostile versions of the cases instead (node/mutate.h); exit status 0: none crashes, hangs or breaks an invariant.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "base/error.h"
#include "node/case_files.h"
#include "node/isolate.h"
#include "node/mutate.h"
#include "node/run_case.h"

namespace {

struct Arguments {
  std::string cases, expected, only, covered;
  int jobs = 2, every = 1;
  unsigned seconds = 120;
  long memory_mb = 0;
  bool quiet = false, mutate = false;
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
    else if (word == "--covered") a.covered = next();
    else if (word == "--jobs") a.jobs = std::stoi(next());
    else if (word == "--seconds") a.seconds = static_cast<unsigned>(std::stoi(next()));
    else if (word == "--memory-mb") a.memory_mb = std::stol(next());
    else if (word == "--no-session") a.engines.session = false;
    else if (word == "--no-interpreter") a.engines.interpreter = false;
    else if (word == "--quiet") a.quiet = true;
    else if (word == "--every") a.every = std::max(1, std::stoi(next()));
    else if (word == "--mutate") a.mutate = true;
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

// Function bodies repeat what their operators' own cases show, so "_expanded" cases are left out.
int run_mutations(const Arguments& a) {
  std::vector<std::pair<std::string, size_t>> jobs;
  size_t seen = 0;
  for (const std::string& name : mo::node_tests::case_names(a.cases)) {
    if (name.find(a.only) == std::string::npos || name.find("_expanded") != std::string::npos) continue;
    size_t count = mo::node_tests::mutation_count(a.cases, name);
    for (size_t i = 0; i < count; ++i)
      if (seen++ % static_cast<size_t>(a.every) == 0) jobs.emplace_back(name, i);
  }
  std::vector<std::string> results = mo::node_tests::run_isolated(
      jobs.size(), a.jobs, a.seconds, a.memory_mb, [&](size_t i) { return mo::node_tests::run_mutation(a.cases, jobs[i].first, jobs[i].second); });
  int wrong = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (results[i].empty()) continue;
    ++wrong;
    std::string what = mo::node_tests::mutation_name(a.cases, jobs[i].first, jobs[i].second);
    std::printf("%s #%zu (%s): %s\n", jobs[i].first.c_str(), jobs[i].second, what.c_str(), results[i].c_str());
  }
  std::printf("%zu hostile cases, %d wrong\n", jobs.size(), wrong);
  return wrong == 0 ? 0 : 1;
}

int run(int argc, char** argv) {
  Arguments a = parse(argc, argv);
  if (a.mutate) return run_mutations(a);
  std::map<std::string, std::string> expected = read_expected(a.expected);
  std::vector<std::string> names;
  for (std::string& name : mo::node_tests::case_names(a.cases))
    if (name.find(a.only) != std::string::npos) names.push_back(std::move(name));
  std::vector<std::string> results = mo::node_tests::run_isolated(names.size(), a.jobs, a.seconds, a.memory_mb,
                                                                  [&](size_t i) { return mo::node_tests::run_case(a.cases, names[i], a.engines); });
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
  if (!a.covered.empty()) {
    std::set<std::string> covered;
    for (size_t i = 0; i < names.size(); ++i)
      if (results[i].empty()) covered.merge(mo::node_tests::operators_of(a.cases, names[i]));
    std::ofstream file(a.covered);
    file << "# Operators that a passing node test of onnx 1.23.2 runs (domain/operator); written by mo_node_tests --covered.\n";
    for (const std::string& op : covered) file << op << "\n";
  }
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
