// docs/operators.md is printed from the operator table; MO_UPDATE_DOCS=1 rewrites it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "kernels/kernel.h"
#include "ops/op.h"

using namespace mo;

namespace {

std::string arity(int low, int high) {
  if (high < 0) return text(low, "+");
  return low == high ? text(low) : text(low, "–", high);
}

std::string row(const ops::OpDef& d) {
  std::string candidates;
  for (const kernels::Candidate* k : kernels::cpu_candidates(d.name, d.domain)) candidates += text(candidates.empty() ? "" : ", ", "`", k->name, "`");
  auto slot = [](bool filled) { return filled ? "yes" : "–"; };
  return text("| ", d.name, " | ", d.since, d.since_of ? "*" : "", " | ", arity(d.min_inputs, d.max_inputs), " | ",
              arity(d.min_outputs, d.max_outputs), " | ", slot(d.infer), " | ", slot(d.run), " | ", candidates.empty() ? "–" : candidates, " | ",
              slot(d.cost), " | ", slot(d.grad), " | ", slot(d.couple), " |\n");
}

std::string operators_markdown() {
  std::map<std::string, std::string> domains;
  std::map<std::string, int> counts;
  for (const ops::OpDef* d : ops::all()) {
    domains[d->domain] += row(*d);
    ++counts[d->domain];
  }
  std::string out =
      "# Operators\n\n"
      "Printed from `lib/ops/ops.inc` by the test \"docs/operators.md is up to date\"; `MO_UPDATE_DOCS=1 mo_tests -tc=\"docs/operators.md*\"`\n"
      "rewrites it. Every operator is in its newest form; older ones are upgraded when a model is read.\n\n"
      "Since: the lowest opset whose definition equals this form, which the writer asks for; `*`: it depends on attributes or dtypes. Reference:\n"
      "a plain kernel for every shape and dtype. CPU candidates: faster kernels, best first. Cost: counts multiply-accumulates or operations (else\n"
      "bytes alone). Gradient and coupling are empty until training and structured pruning fill them; an operator without coupling freezes its "
      "axes.\n";
  for (const auto& [domain, rows] : domains)
    out += text("\n## ", domain.empty() ? "ai.onnx" : domain, " (", counts[domain], ")\n\n",
                "| operator | since | inputs | outputs | inference | reference | CPU candidates | cost | gradient | coupling |\n"
                "|---|---|---|---|---|---|---|---|---|---|\n",
                rows);
  return out;
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("docs/operators.md is up to date") {
  std::string now = operators_markdown();
  if (const char* update = std::getenv("MO_UPDATE_DOCS"); update && *update == '1') std::ofstream("docs/operators.md", std::ios::binary) << now;
  bool same = read_file("docs/operators.md") == now;
  CHECK_MESSAGE(same, "run MO_UPDATE_DOCS=1 mo_tests -tc='docs/operators.md*'");
}

TEST_CASE("the operator table names no operator twice and every one has inference and a reference kernel") {
  std::map<std::string, int> seen;
  for (const ops::OpDef* d : ops::all()) {
    CAPTURE(d->name);
    CHECK(++seen[text(d->domain, "/", d->name)] == 1);
    CHECK((d->infer != nullptr));
    CHECK((d->run != nullptr));
    CHECK(d->since >= 1);
  }
}
