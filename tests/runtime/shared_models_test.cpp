// The real models of ../shared agree with ONNX Runtime on real inputs. References: tests/tools/shared_references.py build/references
// (or a folder named by MO_REFERENCES). To look closer: MO_REFERENCES_ONLY=model, MO_REFERENCES_PLAIN=1 (reference kernels, no passes),
// MO_REFERENCES_DISABLE=pass,kernel.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "data/npy.h"
#include "onnx/read.h"
#include "runtime/session.h"
#include "support/skip.h"

using namespace mo;

namespace {

constexpr int64_t k_max_bytes = int64_t{1} << 30;

runtime::Named load(const std::filesystem::path& file) {
  runtime::Named out;
  for (auto& [name, t] : data::read_npz(file.string(), k_max_bytes)) out[name] = Datum(t);
  return out;
}

// Largest |a - b| as a share of the range of b.
double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.dtype() == b.dtype());
  REQUIRE(a.shape() == b.shape());
  std::vector<float> x = a.floats(), y = b.floats();
  double low = INFINITY, high = -INFINITY, worst = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    low = std::min<double>(low, y[i]);
    high = std::max<double>(high, y[i]);
    double d = x[i] == y[i] ? 0 : std::fabs(static_cast<double>(x[i]) - y[i]);
    worst = std::isnan(d) ? INFINITY : std::max(worst, d);
  }
  return y.empty() ? 0 : worst / std::max({high - low, std::fabs(high), 1e-6});  // one element alone has no range
}

// Rows whose best class is the same; of equal scores the first is the best, as numpy's argmax has it.
int64_t agreeing(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  std::vector<float> x = a.floats(), y = b.floats();
  int64_t width = a.dim(-1), rows = a.size() / width, same = 0;
  for (int64_t r = 0; r < rows; ++r)
    same += std::max_element(&x[r * width], &x[r * width] + width) - &x[r * width] ==
            std::max_element(&y[r * width], &y[r * width] + width) - &y[r * width];
  return same;
}

struct Folder {
  std::filesystem::path path;
  std::unique_ptr<runtime::Session> session;
  bool quantized = false;
  double worst = 0;
  int64_t agreeing_rows = 0, rows = 0;  // of the top1 lines together

  runtime::Named run(const runtime::Named& in, const std::string& name) {
    runtime::Named got = session->run(in), want = load(path / (name + ".out.npz"));
    for (auto& [output, datum] : want) {
      CAPTURE(name);
      CAPTURE(output);
      REQUIRE(got.contains(output));
      double d = distance(got.at(output).tensor, datum.tensor);
      worst = std::max(worst, d);
      CHECK(d <= (quantized ? 0.05 : 1e-4));  // one step of 8 bits here and there is legal
    }
    return got;
  }

  void top1(const std::string& name) {
    runtime::Named got = session->run(load(path / (name + ".in.npz"))), want = load(path / (name + ".out.npz"));
    std::string first = session->outputs()[0].name;
    agreeing_rows += agreeing(got.at(first).tensor, want.at(first).tensor);
    rows += got.at(first).tensor.dim(0);
  }

  void chain(const std::string& name, int steps, const std::vector<std::pair<std::string, std::string>>& links) {
    runtime::Named last;
    for (int i = 0; i < steps; ++i) {
      char number[16];
      std::snprintf(number, sizeof number, "_%03d", i);
      runtime::Named in = load(path / (name + number + ".in.npz"));
      for (const auto& [from, to] : links)
        if (i > 0) in[to] = last.at(from);
      last = run(in, name + number);
    }
  }
};

void check_model(const std::filesystem::path& path, const std::filesystem::path& models) {
  Folder folder{path, nullptr, path.filename().string().find("_qdq") != std::string::npos};
  std::ifstream cases(path / "cases.txt");
  std::string line;
  while (std::getline(cases, line)) {
    std::istringstream words(line);
    std::string kind, name, link;
    words >> kind >> name;
    if (kind == "model") {
      runtime::SessionOptions options;
      options.optimize = !std::getenv("MO_REFERENCES_PLAIN");
      if (const char* disabled = std::getenv("MO_REFERENCES_DISABLE")) options.disabled_passes = options.disabled_kernels = split(disabled, ',');
      folder.session = std::make_unique<runtime::Session>(onnx::read((models / name).string()), options);
    } else if (kind == "case") {
      folder.run(load(path / (name + ".in.npz")), name);
    } else if (kind == "top1") {
      folder.top1(name);
    } else if (kind == "chain") {
      int steps = 0;
      words >> steps;
      std::vector<std::pair<std::string, std::string>> links;
      while (words >> link) links.emplace_back(link.substr(0, link.find('>')), link.substr(link.find('>') + 1));
      folder.chain(name, steps, links);
    }
  }
  MESSAGE(path.filename().string(), ": largest error ", folder.worst, " of the range");
  if (folder.rows > 0) {
    MESSAGE("same top-1 for ", folder.agreeing_rows, " of ", folder.rows);
    CHECK(static_cast<double>(folder.agreeing_rows) >= 0.995 * static_cast<double>(folder.rows));
  }
}

}  // namespace

TEST_CASE("shared models: agree with ONNX Runtime") {
  const char* given = std::getenv("MO_REFERENCES");
  std::filesystem::path references = given ? given : "build/references", models = "../shared/models";
  if (!std::filesystem::exists(models)) MO_SKIP("../shared/models is absent");
  if (!std::filesystem::exists(references / "models.txt")) MO_SKIP("no references; make them with tests/tools/shared_references.py build/references");
  std::ifstream list(references / "models.txt");
  const char* only = std::getenv("MO_REFERENCES_ONLY");
  for (std::string name; std::getline(list, name);) {
    if (name.empty() || (only && name != only)) continue;
    CAPTURE(name);
    try {
      check_model(references / name, models);
    } catch (const Error& e) { FAIL_CHECK(name, ": ", e.message(), " (node '", e.node(), "', ", e.op(), ")"); }
  }
}
