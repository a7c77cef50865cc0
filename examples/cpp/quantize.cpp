// Makes an int8 model, with calibration data that comes row by row from a source of the program's own, and compares both models.
//
//   c++ -std=c++17 quantize.cpp -lmo -o quantize
//   ./quantize model.onnx small.onnx
#include <cstdio>
#include <mo/mo.hpp>
#include <optional>
#include <random>
#include <vector>

// Stands for a query's result, a file, a queue: rows that come one by one and are never all in memory.
class Cursor {
 public:
  Cursor(int rows, std::size_t width) : left_(rows), width_(width) {}
  std::optional<std::vector<float>> next() {
    if (left_-- <= 0) return std::nullopt;
    std::vector<float> row(width_);
    for (float &x : row) x = std::uniform_real_distribution<float>(-1, 1)(random_);
    return row;
  }

 private:
  int left_;
  std::size_t width_;
  std::mt19937 random_{1};
};

int main(int argc, char **argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: quantize model.onnx small.onnx\n"), 2;
  mo::Model model = mo::Model::load(argv[1]);
  const mo::Port input = model.inputs().at(0);
  mo::Shape shape = input.shape.value();
  shape[0] = 1;
  std::size_t width = 1;
  for (std::int64_t size : shape) width *= static_cast<std::size_t>(size);

  mo::Calibration calibration(model);
  Cursor rows(64, width);
  while (auto row = rows.next()) calibration.feed({{input.name.c_str(), mo::Tensor::of(*row, shape)}});

  mo::Options options("quantize");
  options.set("calibration.method", "mse");
  mo::Control control([](std::string_view stage, std::int64_t done, std::int64_t total) {
    if (done == total) std::fprintf(stderr, "%.*s: done\n", static_cast<int>(stage.size()), stage.data());
    return true;  // false would cancel
  });
  mo::Quantized small = mo::quantize(model, &calibration, &options, &control);
  small.model.save(argv[2]);
  std::printf("%s", mo::compare(model, small.model, nullptr, &mo::Options("compare").set("seconds", 0.2)).text.c_str());
  return 0;
} catch (const mo::Error &error) {
  std::fprintf(stderr, "%s (code %d, node '%s', operator '%s')\n", error.what(), error.code(), error.node().c_str(), error.op().c_str());
  return 1;
}
