// Scores many rows with a pool of threads: one session for all of them, and per thread buffers that are used again, so that a run neither
// copies nor allocates.
//
//   c++ -std=c++17 batch_score.cpp -lmo -pthread -o batch_score
//   ./batch_score model.onnx [rows]
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mo/mo.hpp>
#include <random>
#include <thread>
#include <vector>

// Memory for one row of a port, and a collection with a tensor that lies on it.
struct Row {
  explicit Row(const mo::Port &port) {
    mo::Shape shape = port.shape.value();
    shape[0] = 1;
    std::size_t size = 1;
    for (std::int64_t n : shape) size *= static_cast<std::size_t>(n);
    values.resize(size);
    tensors.set(port.name, mo::Tensor::view(values.data(), shape));
  }
  std::vector<float> values;
  mo::Tensors tensors;
};

int main(int argc, char **argv) try {
  if (argc < 2) return std::fprintf(stderr, "usage: batch_score model.onnx [rows]\n"), 2;
  const int rows = argc > 2 ? std::atoi(argv[2]) : 1000;
  mo::Model model = mo::Model::load(argv[1]);
  mo::Options options("session");
  options.set("threads", 1);  // the rows run in parallel, not their parts
  mo::Session session(model, &options);
  const mo::Port input = model.inputs().at(0), output = model.outputs().at(0);

  std::vector<std::atomic<int>> votes(Row(output).values.size());
  std::atomic<int> next{0};
  std::exception_ptr failure;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  auto work = [&] {
    try {
      Row x(input), y(output);
      for (int i = next++; i < rows; i = next++) {
        std::minstd_rand random(static_cast<unsigned>(i) + 1);
        for (float &v : x.values) v = std::uniform_real_distribution<float>(-1, 1)(random);
        session.run_into(x.tensors, y.tensors);
        ++votes[static_cast<std::size_t>(std::max_element(y.values.begin(), y.values.end()) - y.values.begin())];
      }
    } catch (...) {
      if (!failed.test_and_set()) failure = std::current_exception();
      next = rows;
    }
  };
  std::vector<std::thread> pool;
  for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t) pool.emplace_back(work);
  for (std::thread &thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
  for (std::size_t k = 0; k < votes.size(); ++k) std::printf("class %zu: %d rows\n", k, votes[k].load());
  return 0;
} catch (const mo::Error &error) {
  std::fprintf(stderr, "%s (code %d, node '%s')\n", error.what(), error.code(), error.node().c_str());
  return 1;
}
