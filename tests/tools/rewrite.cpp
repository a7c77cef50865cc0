// mo_rewrite [--outside|--map|--infer] IN [OUT]: reads a model, writes it again, prints times and memory. For tests beside other runtimes, and for measuring.
#include <chrono>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "onnx/read.h"
#include "onnx/write.h"
#include "ops/op.h"

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  mo::onnx::ReadOptions read_options;
  mo::onnx::WriteOptions write_options;
  std::vector<std::string> paths;
  bool infer = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--outside") == 0) write_options.outside = mo::onnx::Outside::always;
    else if (std::strcmp(argv[i], "--map") == 0) read_options.external = mo::onnx::ExternalData::map;
    else if (std::strcmp(argv[i], "--infer") == 0) infer = true;
    else paths.push_back(argv[i]);
  }
  if (paths.empty()) return std::fprintf(stderr, "usage: mo_rewrite [--outside|--map|--infer] IN [OUT]\n"), 2;
  try {
    int64_t before = mo::peak_rss();
    auto start = std::chrono::steady_clock::now();
    mo::graph::Model m = mo::onnx::read(paths[0], read_options);
    double read_seconds = seconds_since(start);
    int64_t weights = 0, after_read = mo::peak_rss();
    for (mo::graph::ValueId v = 0; v < m.graph.value_count(); ++v) weights += m.graph.value(v).constant.bytes();
    if (infer) mo::ops::infer_graph(m.graph);
    start = std::chrono::steady_clock::now();
    if (paths.size() > 1) mo::onnx::write(m, paths[1], write_options);
    std::printf(
        "{\"nodes\": %zu, \"weights_mb\": %.1f, \"read_s\": %.3f, \"write_s\": %.3f, \"rss_before_mb\": %.1f, \"peak_read_mb\": %.1f, \"peak_mb\": "
        "%.1f}\n",
        m.graph.node_count(), 1e-6 * static_cast<double>(weights), read_seconds, seconds_since(start), 1e-6 * static_cast<double>(before),
        1e-6 * static_cast<double>(after_read), 1e-6 * static_cast<double>(mo::peak_rss()));
  } catch (const mo::Error& e) {
    std::fprintf(stderr, "%s%s%s\n", e.message().c_str(), e.node().empty() ? "" : " at node ", e.node().c_str());
    return 1;
  }
  return 0;
}
