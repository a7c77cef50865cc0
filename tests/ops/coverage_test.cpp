// No operator without a test: each one is run by a passing node test or named by a case in tests/.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "ops/op.h"

using namespace mo;

TEST_CASE("every operator is run by a node test or named by a case") {
  std::set<std::string> covered;
  std::ifstream list("tests/node/covered_ops.txt");
  REQUIRE(list.good());
  for (std::string line; std::getline(list, line);) covered.insert(line);
  std::string sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/ops"))
    if (entry.path().extension() == ".cpp") {
      std::ifstream file(entry.path());
      sources.append(std::istreambuf_iterator<char>(file), {});
    }
  for (const ops::OpDef* d : ops::all()) {
    std::string domain = d->domain, name = d->name;
    bool own = domain == "mo" || domain == "com.microsoft";  // share names with standard operators
    bool named = sources.find("\"" + name + (own ? "\", \"" + domain : "") + "\"") != std::string::npos;
    CHECK_MESSAGE((named || covered.contains(domain + "/" + name)), "no test runs ", domain, " ", name);
  }
}
