// Opening data sets: which samples are used, and what a hostile description gives.
#include <doctest/doctest.h>

#include <fstream>
#include <limits>

#include "data/dataset.h"
#include "support/temp_folder.h"

using namespace mo;

namespace {

// The first numbers of the samples that a data set of 0, 1, 2 ... 9 delivers.
std::vector<int64_t> samples(const data::OpenOptions& options) {
  std::vector<int64_t> numbers(10), out;
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  auto set = data::from_arrays({{"x", Tensor::of<int64_t>({10}, numbers)}}, options);
  while (auto batch = set->next())
    for (int64_t v : batch->inputs[0].second.integers()) out.push_back(v);
  return out;
}

std::string problem_of(const std::string& yaml) {
  TempFolder folder;
  std::ofstream(folder / "set.yaml") << yaml;
  try {
    data::open(folder / "set.yaml", {});
  } catch (const Error& e) {
    CHECK(e.code() == Code::format);
    return e.message();
  }
  return "";
}

}  // namespace

TEST_CASE("a limited data set gives the first samples, or some spread evenly over all") {
  data::OpenOptions options;
  options.limit = 4;
  CHECK(samples(options) == std::vector<int64_t>{0, 1, 2, 3});
  options.spread = true;
  CHECK(samples(options) == std::vector<int64_t>{0, 2, 5, 7});
  options.skip = 2;
  CHECK(samples(options) == std::vector<int64_t>{2, 4, 6, 8});
  options.limit = 100;
  CHECK(samples(options).size() == 8);
}

TEST_CASE("numbers of a description are finite, and whole where they have to be") {
  for (const char* number : {"1e300", "1/0", "0/0", "-1/0", "nan", "inf", "1e18", "0.5", "1/3"}) {
    CAPTURE(number);
    std::string problem = problem_of(std::string("arrays: none.npz\nselect: {skip: ") + number + "}\n");
    CHECK(problem.find("skip must be a") != std::string::npos);
    CHECK(problem.find(number) != std::string::npos);
  }
}
